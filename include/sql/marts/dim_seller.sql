-- grain:  organization x seller (our reference on invoices and contracts), and "none"
-- key:    organization_id, seller_key
-- inputs: staging.member_key, control.organization
-- why:    a seller is a name and nothing else, and names a person: a table of its own that a model
--         can leave out
create table mart.dim_seller (
    organization_id bigint not null,
    seller_key bigint not null,
    seller_name text not null,
    label_sv text not null,
    label_en text not null,
    primary key (organization_id, seller_key),
    unique (organization_id, seller_name)
);

insert into mart.dim_seller (organization_id, seller_key, seller_name, label_sv, label_en)
with

final as (

    select
        organization_id,
        member_key as seller_key,
        natural_key as seller_name,
        natural_key as label_sv,
        natural_key as label_en
    from staging.member_key
    where entity = 'seller'
    union all
    select
        organization_id,
        control.member_key(organization_id, 0) as seller_key,
        '' as seller_name,
        '(saknas)' as label_sv,
        '(none)' as label_en
    from control.organization

)

select * from final;
