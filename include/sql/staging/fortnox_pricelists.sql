-- grain:  organization x price list
-- key:    organization_id, document_key
-- inputs: landing.document
create view staging.fortnox_pricelists with (security_invoker = true) as
with

typed as (

    select
        organization_id,
        document_key,
        list_record,
        staging.as_boolean(list_record ->> 'PreSelected') as is_preselected
    from landing.document
    where
        resource = 'pricelists'
        and deleted_at is null
        and list_record ->> 'Code' <> ''

)

select
    organization_id,
    document_key,
    list_record ->> 'Code' as price_list_code,
    nullif(list_record ->> 'Description', '') as price_list_name,
    nullif(list_record ->> 'Comments', '') as comment_text,
    is_preselected,
    staging.uncastable_fields(
        array[
            'PreSelected', staging.uncastable(
                list_record ->> 'PreSelected', is_preselected is null
            )
        ]
    ) as uncastable
from typed;
