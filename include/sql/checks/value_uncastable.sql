-- severity: warn
-- inputs:   staging.fortnox_financialyears, staging.fortnox_accounts, staging.fortnox_suppliers,
--           staging.fortnox_projects, staging.fortnox_costcenters
-- why:      Fortnox sent a text where a date, a number or a yes/no belongs; the field is empty in
--           the marts, the record is there
with

uncastable as (

    select
        organization_id,
        'financialyears' as resource_name,
        document_key,
        uncastable as refused
    from staging.fortnox_financialyears
    where uncastable <> '{}'
    union all
    select
        organization_id,
        'accounts' as resource_name,
        document_key,
        uncastable as refused
    from staging.fortnox_accounts
    where uncastable <> '{}'
    union all
    select
        organization_id,
        'suppliers' as resource_name,
        document_key,
        uncastable as refused
    from staging.fortnox_suppliers
    where uncastable <> '{}'
    union all
    select
        organization_id,
        'projects' as resource_name,
        document_key,
        uncastable as refused
    from staging.fortnox_projects
    where uncastable <> '{}'
    union all
    select
        organization_id,
        'costcenters' as resource_name,
        document_key,
        uncastable as refused
    from staging.fortnox_costcenters
    where uncastable <> '{}'

)

select
    organization_id,
    'value cannot be read' as reason,
    jsonb_build_object('resource', resource_name, 'key', document_key, 'fields', refused) as detail
from uncastable;
