-- grain:  organization x customer, and "none"
-- key:    organization_id, customer_key
-- inputs: staging.member_key, staging.fortnox_customers, control.organization
-- why:    Fortnox's register; a sole trader's organization number is a personal number, so it is a
--         column of its own that a model can leave out
create table mart.dim_customer (
    organization_id bigint not null,
    customer_key bigint not null,
    customer_number text not null,
    customer_name text not null,
    label_sv text not null,
    label_en text not null,
    organization_number text not null,
    city text not null,
    primary key (organization_id, customer_key),
    unique (organization_id, customer_number)
);

insert into mart.dim_customer (
    organization_id, customer_key, customer_number, customer_name, label_sv, label_en,
    organization_number, city
)
with

final as (

    select
        member_key.organization_id,
        member_key.member_key as customer_key,
        member_key.natural_key as customer_number,
        coalesce(listed.customer_name, '') as customer_name,
        concat_ws(' ', member_key.natural_key, nullif(listed.customer_name, '')) as label_sv,
        concat_ws(' ', member_key.natural_key, nullif(listed.customer_name, '')) as label_en,
        coalesce(listed.organization_number, '') as organization_number,
        coalesce(listed.city, '') as city
    from staging.member_key as member_key
    inner join staging.fortnox_customers as listed
        on
            member_key.organization_id = listed.organization_id
            and member_key.natural_key = listed.customer_number
    where member_key.entity = 'customer'
    union all
    select
        organization_id,
        control.member_key(organization_id, 0) as customer_key,
        '' as customer_number,
        '' as customer_name,
        '(saknas)' as label_sv,
        '(none)' as label_en,
        '' as organization_number,
        '' as city
    from control.organization

)

select * from final;
