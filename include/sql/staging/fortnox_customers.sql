-- grain:  organization x customer
-- key:    organization_id, document_key
-- inputs: landing.document
create view staging.fortnox_customers with (security_invoker = true) as
select
    organization_id,
    document_key,
    list_record ->> 'CustomerNumber' as customer_number,
    list_record ->> 'Name' as customer_name,
    list_record ->> 'OrganisationNumber' as organization_number,
    list_record ->> 'City' as city
from landing.document
where
    resource = 'customers'
    and deleted_at is null
    and list_record ->> 'CustomerNumber' <> '';
