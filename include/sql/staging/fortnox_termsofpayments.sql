-- grain:  organization x terms of payment
-- key:    organization_id, document_key
-- inputs: landing.document
create view staging.fortnox_termsofpayments with (security_invoker = true) as
select
    organization_id,
    document_key,
    list_record ->> 'Code' as terms_of_payment_code,
    nullif(list_record ->> 'Description', '') as terms_of_payment_name
from landing.document
where
    resource = 'termsofpayments'
    and deleted_at is null
    and list_record ->> 'Code' <> '';
