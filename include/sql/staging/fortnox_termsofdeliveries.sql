-- grain:  organization x terms of delivery
-- key:    organization_id, document_key
-- inputs: landing.document
create view staging.fortnox_termsofdeliveries with (security_invoker = true) as
select
    organization_id,
    document_key,
    list_record ->> 'Code' as terms_of_delivery_code,
    nullif(list_record ->> 'Description', '') as terms_of_delivery_name,
    nullif(list_record ->> 'DescriptionEnglish', '') as terms_of_delivery_name_en
from landing.document
where
    resource = 'termsofdeliveries'
    and deleted_at is null
    and list_record ->> 'Code' <> '';
