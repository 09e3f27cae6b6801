-- severity: stop
-- inputs:   mart.fct_account_balance_period, mart.dim_fiscal_period, mart.trial_balance,
--           mart.dim_account
-- why:      the trial balance of a year is its first opening, its movements and its last closing
with

of_year as (

    select
        balance.organization_id,
        balance.financial_year_key,
        balance.account_key,
        (array_agg(balance.opening_balance order by fiscal_period.start_date))[1]
            as opening_balance,
        sum(balance.debit_amount) as debit_amount,
        sum(balance.credit_amount) as credit_amount,
        (array_agg(balance.closing_balance order by fiscal_period.start_date desc))[1]
            as closing_balance
    from mart.fct_account_balance_period as balance
    inner join mart.dim_fiscal_period as fiscal_period
        on
            balance.organization_id = fiscal_period.organization_id
            and balance.fiscal_period_key = fiscal_period.fiscal_period_key
    group by balance.organization_id, balance.financial_year_key, balance.account_key

)

select
    coalesce(trial_balance.organization_id, of_year.organization_id) as organization_id,
    'trial balance is not the balances of its year' as reason,
    jsonb_build_object(
        'account', dim_account.account_number,
        'closing', of_year.closing_balance,
        'trial_balance_closing', trial_balance.closing_balance
    ) as detail
from mart.trial_balance as trial_balance
full outer join of_year
    on
        trial_balance.organization_id = of_year.organization_id
        and trial_balance.financial_year_key = of_year.financial_year_key
        and trial_balance.account_key = of_year.account_key
left join mart.dim_account as dim_account
    on
        coalesce(trial_balance.organization_id, of_year.organization_id)
        = dim_account.organization_id
        and coalesce(trial_balance.account_key, of_year.account_key) = dim_account.account_key
where
    trial_balance.opening_balance is distinct from of_year.opening_balance
    or trial_balance.debit_amount is distinct from of_year.debit_amount
    or trial_balance.credit_amount is distinct from of_year.credit_amount
    or trial_balance.closing_balance is distinct from of_year.closing_balance
    or trial_balance.net_amount
    is distinct from trial_balance.debit_amount - trial_balance.credit_amount;
