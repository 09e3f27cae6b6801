-- grain:  organization x label
-- key:    organization_id, document_key
-- inputs: landing.document
create view staging.fortnox_labels with (security_invoker = true) as
select
    organization_id,
    document_key,
    list_record ->> 'Id' as label_id,
    nullif(list_record ->> 'Description', '') as label_name
from landing.document
where
    resource = 'labels'
    and deleted_at is null
    and list_record ->> 'Id' <> '';
