-- grain:  organization x way of delivery
-- key:    organization_id, document_key
-- inputs: landing.document
create view staging.fortnox_wayofdeliveries with (security_invoker = true) as
select
    organization_id,
    document_key,
    list_record ->> 'Code' as way_of_delivery_code,
    nullif(list_record ->> 'Description', '') as way_of_delivery_name,
    nullif(list_record ->> 'DescriptionEnglish', '') as way_of_delivery_name_en
from landing.document
where
    resource = 'wayofdeliveries'
    and deleted_at is null
    and list_record ->> 'Code' <> '';
