-- grain:  organization x financial year x account with rows or a balance
-- key:    organization_id, financial_year_id, account_number
-- inputs: staging.ledger_row, staging.ledger_balance
-- why:    an account that the file only declares is on no statement
create view staging.account_used with (security_invoker = true) as
select
    organization_id,
    financial_year_id,
    account_number
from staging.ledger_row
union distinct
select
    organization_id,
    financial_year_id,
    account_number
from staging.ledger_balance
where amount <> 0;
