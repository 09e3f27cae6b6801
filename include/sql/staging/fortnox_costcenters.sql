-- grain:  organization x cost centre
-- key:    organization_id, document_key
-- inputs: landing.document
create view staging.fortnox_costcenters with (security_invoker = true) as
with

typed as (

    select
        organization_id,
        document_key,
        list_record,
        staging.as_boolean(list_record ->> 'Active') as is_active
    from landing.document
    where
        resource = 'costcenters'
        and deleted_at is null
        and list_record ->> 'Code' <> ''

)

select
    organization_id,
    document_key,
    list_record ->> 'Code' as cost_center_number,
    list_record ->> 'Description' as cost_center_name,
    is_active,
    staging.uncastable_fields(
        array[
            'Active', staging.uncastable(list_record ->> 'Active', is_active is null)
        ]
    ) as uncastable
from typed;
