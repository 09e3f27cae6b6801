-- grain:  organization x project
-- key:    organization_id, document_key
-- inputs: landing.document
create view staging.fortnox_projects with (security_invoker = true) as
with

typed as (

    select
        organization_id,
        document_key,
        list_record,
        staging.as_date(list_record ->> 'StartDate') as start_date,
        staging.as_date(list_record ->> 'EndDate') as end_date
    from landing.document
    where
        resource = 'projects'
        and deleted_at is null
        and list_record ->> 'ProjectNumber' <> ''

)

select
    organization_id,
    document_key,
    list_record ->> 'ProjectNumber' as project_number,
    list_record ->> 'Description' as project_name,
    list_record ->> 'Status' as status,
    start_date,
    end_date,
    staging.uncastable_fields(
        array[
            'StartDate', staging.uncastable(list_record ->> 'StartDate', start_date is null),
            'EndDate', staging.uncastable(list_record ->> 'EndDate', end_date is null)
        ]
    ) as uncastable
from typed;
