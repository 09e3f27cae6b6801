-- grain:  organization x financial year x kind x account
-- key:    organization_id, financial_year_id, balance_kind, account_number
-- inputs: landing.ledger_balance
-- why:    the file's own #IB, #UB and #RES of the year itself (year 0); those of the year before
--         are its own file's business
create view staging.ledger_balance with (security_invoker = true) as
select
    ledger_balance.organization_id,
    ledger_balance.financial_year_id,
    ledger_balance.balance_kind,
    ledger_balance.account_number,
    ledger_balance.amount::numeric(18, 2) as amount
from landing.ledger_balance as ledger_balance
where
    ledger_balance.year_index = 0
    and ledger_balance.balance_kind in ('IB', 'UB', 'RES');
