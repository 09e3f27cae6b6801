-- severity: warn
-- inputs:   staging.ledger_budget, staging.fiscal_period
-- why:      a budget for a month that is not of its financial year is in no statement
select
    ledger_budget.organization_id,
    'budget is for a month outside its financial year' as reason,
    jsonb_build_object(
        'financial_year_id', ledger_budget.financial_year_id,
        'month', to_char(ledger_budget.month_date, 'YYYY-MM'),
        'account', ledger_budget.account_number,
        'amount', ledger_budget.amount
    ) as detail
from staging.ledger_budget as ledger_budget
left join staging.fiscal_period as fiscal_period
    on
        ledger_budget.organization_id = fiscal_period.organization_id
        and ledger_budget.financial_year_id = fiscal_period.financial_year_id
        and ledger_budget.month_date = fiscal_period.month_date
where fiscal_period.organization_id is null;
