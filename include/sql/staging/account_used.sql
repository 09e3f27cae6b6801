-- grain:  organization x financial year x account with rows, a balance or a budget
-- key:    organization_id, financial_year_id, account_number
-- inputs: staging.ledger_row, staging.ledger_balance, staging.ledger_budget,
--         staging.opening_balance
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
where amount <> 0
union distinct
select
    organization_id,
    financial_year_id,
    account_number
from staging.ledger_budget
union distinct
select
    organization_id,
    financial_year_id,
    account_number
from staging.opening_balance
where amount <> 0;
