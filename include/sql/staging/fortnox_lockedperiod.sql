-- grain:  organization
-- key:    organization_id
-- inputs: landing.document
-- why:    no date means that no period is locked; a lock can be lifted again
create view staging.fortnox_lockedperiod with (security_invoker = true) as
with

typed as (

    select
        organization_id,
        document_key,
        list_record,
        staging.as_date(list_record ->> 'EndDate') as locked_until_date
    from landing.document
    where
        resource = 'lockedperiod'
        and deleted_at is null
        and jsonb_typeof(list_record) = 'object'

)

select
    organization_id,
    document_key,
    locked_until_date,
    staging.uncastable_fields(
        array[
            'EndDate', staging.uncastable(list_record ->> 'EndDate', locked_until_date is null)
        ]
    ) as uncastable
from typed;
