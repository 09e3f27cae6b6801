-- grain:  organization x financial year x calendar month x account
-- key:    organization_id, financial_year_id, month_date, account_number
-- inputs: landing.ledger_balance
-- why:    #PBUDGET of the year itself, the change planned within the month. A row with objects is a
--         part of the row without; where a file has the parts alone, they are the account's budget
create view staging.ledger_budget with (security_invoker = true) as
select
    ledger_balance.organization_id,
    ledger_balance.financial_year_id,
    to_date(ledger_balance.period, 'YYYYMM') as month_date,
    ledger_balance.account_number,
    coalesce(
        sum(ledger_balance.amount) filter (where ledger_balance.objects = ''),
        sum(ledger_balance.amount)
    )::numeric(18, 2) as amount
from landing.ledger_balance as ledger_balance
where
    ledger_balance.year_index = 0
    and ledger_balance.balance_kind = 'PBUDGET'
group by
    ledger_balance.organization_id,
    ledger_balance.financial_year_id,
    ledger_balance.period,
    ledger_balance.account_number;
