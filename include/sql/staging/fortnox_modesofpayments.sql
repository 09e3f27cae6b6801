-- grain:  organization x mode of payment
-- key:    organization_id, document_key
-- inputs: landing.document
create view staging.fortnox_modesofpayments with (security_invoker = true) as
select
    organization_id,
    document_key,
    list_record ->> 'Code' as mode_of_payment_code,
    nullif(list_record ->> 'Description', '') as mode_of_payment_name,
    staging.as_account(list_record ->> 'AccountNumber') as account_number
from landing.document
where
    resource = 'modesofpayments'
    and deleted_at is null
    and list_record ->> 'Code' <> '';
