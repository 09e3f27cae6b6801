-- grain:  organization x financial year x account that the file declares (#KONTO)
-- key:    organization_id, financial_year_id, account_number
-- inputs: landing.ledger_account
create view staging.ledger_account with (security_invoker = true) as
select
    ledger_account.organization_id,
    ledger_account.financial_year_id,
    ledger_account.account_number,
    nullif(ledger_account.account_name, '') as account_name,
    ledger_account.account_kind,
    ledger_account.sru_code
from landing.ledger_account as ledger_account;
