-- severity: warn
-- inputs:   staging.ledger_balance, staging.financial_year
-- why:      the opening balances do not sum to zero: last year's result was not carried to equity;
--           the balance sheet carries it on its line Föregående års resultat, ej överfört
select
    ledger_balance.organization_id,
    'opening balances do not sum to zero' as reason,
    jsonb_build_object(
        'year_start', financial_year.start_date,
        'difference', sum(ledger_balance.amount)
    ) as detail
from staging.ledger_balance as ledger_balance
inner join staging.financial_year as financial_year
    on
        ledger_balance.organization_id = financial_year.organization_id
        and ledger_balance.financial_year_id = financial_year.financial_year_id
where ledger_balance.balance_kind = 'IB'
group by
    ledger_balance.organization_id,
    ledger_balance.financial_year_id,
    financial_year.start_date
having sum(ledger_balance.amount) <> 0;
