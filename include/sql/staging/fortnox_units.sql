-- grain:  organization x unit
-- key:    organization_id, document_key
-- inputs: landing.document
create view staging.fortnox_units with (security_invoker = true) as
select
    organization_id,
    document_key,
    list_record ->> 'Code' as unit_code,
    nullif(list_record ->> 'Description', '') as unit_name,
    nullif(list_record ->> 'CodeEnglish', '') as unit_code_en
from landing.document
where
    resource = 'units'
    and deleted_at is null
    and list_record ->> 'Code' <> '';
