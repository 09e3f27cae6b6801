-- why: what the months of the income statement are made of, account by account
select
    statement_line.line_code,
    dim_account.account_number as account,
    dim_account.account_name as label,
    array_agg(
        coalesce(statement_line.sign * balance.net_amount, 0) order by fiscal_period.start_date
    ) as amounts
from (
    select distinct
        organization_id,
        account_key,
        statement_line_key
    from mart.fct_account_balance_period
    where fiscal_period_key = any(%(periods)s)
) as used
inner join mart.dim_statement_line as statement_line
    on
        used.statement_line_key = statement_line.statement_line_key
        and statement_line.statement_code = 'income_statement'
inner join mart.dim_account as dim_account
    on
        used.organization_id = dim_account.organization_id
        and used.account_key = dim_account.account_key
inner join mart.dim_fiscal_period as fiscal_period
    on
        used.organization_id = fiscal_period.organization_id
        and fiscal_period.fiscal_period_key = any(%(periods)s)
left join mart.fct_account_balance_period as balance
    on
        used.organization_id = balance.organization_id
        and fiscal_period.fiscal_period_key = balance.fiscal_period_key
        and used.account_key = balance.account_key
        and used.statement_line_key = balance.statement_line_key
group by
    statement_line.line_code,
    statement_line.line_order,
    dim_account.account_number,
    dim_account.account_name
order by statement_line.line_order, dim_account.account_number
