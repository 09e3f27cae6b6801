-- grain:  organization x supplier, and "none"
-- key:    organization_id, supplier_key
-- inputs: staging.member_key, staging.fortnox_suppliers, control.organization
-- why:    Fortnox's register; a sole trader's organization number is a personal number, so it is a
--         column of its own that a model can leave out
create table mart.dim_supplier (
    organization_id bigint not null,
    supplier_key bigint not null,
    supplier_number text not null,
    supplier_name text not null,
    label_sv text not null,
    label_en text not null,
    organization_number text not null,
    city text not null,
    primary key (organization_id, supplier_key),
    unique (organization_id, supplier_number)
);

insert into mart.dim_supplier (
    organization_id, supplier_key, supplier_number, supplier_name, label_sv, label_en,
    organization_number, city
)
with

final as (

    select
        member_key.organization_id,
        member_key.member_key as supplier_key,
        member_key.natural_key as supplier_number,
        coalesce(listed.supplier_name, '') as supplier_name,
        concat_ws(' ', member_key.natural_key, nullif(listed.supplier_name, '')) as label_sv,
        concat_ws(' ', member_key.natural_key, nullif(listed.supplier_name, '')) as label_en,
        coalesce(listed.organization_number, '') as organization_number,
        coalesce(listed.city, '') as city
    from staging.member_key as member_key
    inner join staging.fortnox_suppliers as listed
        on
            member_key.organization_id = listed.organization_id
            and member_key.natural_key = listed.supplier_number
    where member_key.entity = 'supplier'
    union all
    select
        organization_id,
        control.member_key(organization_id, 0) as supplier_key,
        '' as supplier_number,
        '' as supplier_name,
        '(saknas)' as label_sv,
        '(none)' as label_en,
        '' as organization_number,
        '' as city
    from control.organization

)

select * from final;
