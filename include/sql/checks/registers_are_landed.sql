-- severity: stop
-- inputs:   landing.document, mart.dim_customer, mart.dim_supplier, mart.dim_project,
--           mart.dim_cost_center, control.organization
-- why:      every landed record of a register is a member of its dimension, and each dimension has
--           its member "none", which stands for a record without number too
with

landed as (

    select
        organization_id,
        resource as register,
        coalesce(
            case resource
                when 'customers' then list_record ->> 'CustomerNumber'
                when 'suppliers' then list_record ->> 'SupplierNumber'
                when 'projects' then list_record ->> 'ProjectNumber'
                when 'costcenters' then list_record ->> 'Code'
            end,
            ''
        ) as member_number
    from landing.document
    where
        resource in ('customers', 'suppliers', 'projects', 'costcenters')
        and deleted_at is null
        and list_record is not null
    union all
    select
        organization_id,
        'customers' as register,
        '' as member_number
    from control.organization
    union all
    select
        organization_id,
        'suppliers' as register,
        '' as member_number
    from control.organization
    union all
    select
        organization_id,
        'projects' as register,
        '' as member_number
    from control.organization
    union all
    select
        organization_id,
        'costcenters' as register,
        '' as member_number
    from control.organization

),

built as (

    select
        organization_id,
        'customers' as register,
        customer_number as member_number
    from mart.dim_customer
    union all
    select
        organization_id,
        'suppliers' as register,
        supplier_number as member_number
    from mart.dim_supplier
    union all
    select
        organization_id,
        'projects' as register,
        project_number as member_number
    from mart.dim_project
    union all
    select
        organization_id,
        'costcenters' as register,
        cost_center_number as member_number
    from mart.dim_cost_center

)

select
    landed.organization_id,
    'record is not in its dimension' as reason,
    jsonb_build_object('register', landed.register, 'number', landed.member_number) as detail
from landed
left join built
    on
        landed.organization_id = built.organization_id
        and landed.register = built.register
        and landed.member_number = built.member_number
where built.organization_id is null;
