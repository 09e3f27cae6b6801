-- severity: stop
-- inputs:   mart.fct_ledger_row, mart.fct_account_balance_period, mart.dim_account
-- why:      what an account moved in a period is the sum of its rows there, on the line of the rows
with

summed as (

    select
        organization_id,
        fiscal_period_key,
        account_key,
        statement_line_key,
        sum(amount) as net_amount,
        sum(debit_amount) as debit_amount,
        count(*) filter (where not is_struck) as row_count
    from mart.fct_ledger_row
    group by organization_id, fiscal_period_key, account_key, statement_line_key

)

select
    coalesce(balance.organization_id, summed.organization_id) as organization_id,
    'movement of a period is not the sum of its rows' as reason,
    jsonb_build_object(
        'fiscal_period_key', coalesce(balance.fiscal_period_key, summed.fiscal_period_key),
        'account', dim_account.account_number,
        'rows_sum', summed.net_amount,
        'movement', balance.net_amount
    ) as detail
from mart.fct_account_balance_period as balance
full outer join summed
    on
        balance.organization_id = summed.organization_id
        and balance.fiscal_period_key = summed.fiscal_period_key
        and balance.account_key = summed.account_key
        and balance.statement_line_key = summed.statement_line_key
left join mart.dim_account as dim_account
    on
        coalesce(balance.organization_id, summed.organization_id) = dim_account.organization_id
        and coalesce(balance.account_key, summed.account_key) = dim_account.account_key
where
    coalesce(balance.net_amount, 0) <> coalesce(summed.net_amount, 0)
    or coalesce(balance.debit_amount, 0) <> coalesce(summed.debit_amount, 0)
    or coalesce(balance.row_count, 0) <> coalesce(summed.row_count, 0);
