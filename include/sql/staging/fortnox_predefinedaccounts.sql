-- grain:  organization x use of an account
-- key:    organization_id, document_key
-- inputs: landing.document
-- why:    which account Fortnox books what on by itself
create view staging.fortnox_predefinedaccounts with (security_invoker = true) as
select
    organization_id,
    document_key,
    list_record ->> 'Name' as account_use,
    staging.as_account(list_record ->> 'Account') as account_number
from landing.document
where
    resource = 'predefinedaccounts'
    and deleted_at is null
    and list_record ->> 'Name' <> '';
