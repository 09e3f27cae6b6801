-- why: what the cells of the balance sheet are made of, account by account; last year's amount
--      stands on the line that last year's chart gives the account, as in the mart
with

chosen as (

    select *
    from mart.dim_fiscal_period
    where fiscal_period_key = %(period)s

),

summed as (

    select
        balance.organization_id,
        balance.account_key,
        statement_line.line_code,
        statement_line.line_order,
        sum(statement_line.sign * balance.opening_balance) filter (
            where
            fiscal_period.is_first
            and fiscal_period.financial_year_key = chosen.financial_year_key
        ) as opening_of_year_amount,
        sum(statement_line.sign * balance.opening_balance) filter (
            where fiscal_period.fiscal_period_key = chosen.fiscal_period_key
        ) as opening_amount,
        sum(statement_line.sign * balance.net_amount) filter (
            where fiscal_period.fiscal_period_key = chosen.fiscal_period_key
        ) as change_amount,
        sum(statement_line.sign * balance.closing_balance) filter (
            where fiscal_period.fiscal_period_key = chosen.fiscal_period_key
        ) as closing_amount,
        sum(statement_line.sign * balance.closing_balance) filter (
            where fiscal_period.fiscal_period_key = chosen.last_year_period_key
        ) as last_year_amount
    from chosen
    inner join mart.dim_fiscal_period as fiscal_period
        on
            chosen.organization_id = fiscal_period.organization_id
            and (
                chosen.financial_year_key = fiscal_period.financial_year_key
                or chosen.last_year_period_key = fiscal_period.fiscal_period_key
            )
    inner join mart.fct_account_balance_period as balance
        on
            fiscal_period.organization_id = balance.organization_id
            and fiscal_period.fiscal_period_key = balance.fiscal_period_key
    inner join mart.dim_statement_line as statement_line
        on
            balance.statement_line_key = statement_line.statement_line_key
            and statement_line.statement_code = 'balance_sheet'
    group by
        balance.organization_id,
        balance.account_key,
        statement_line.line_code,
        statement_line.line_order

)

select
    summed.line_code,
    dim_account.account_number as account,
    dim_account.account_name as label,
    array[
        coalesce(summed.opening_of_year_amount, 0),
        coalesce(summed.opening_amount, 0),
        coalesce(summed.change_amount, 0),
        coalesce(summed.closing_amount, 0),
        coalesce(summed.last_year_amount, 0),
        coalesce(summed.closing_amount, 0) - coalesce(summed.last_year_amount, 0)
    ] as amounts
from summed
inner join mart.dim_account as dim_account
    on
        summed.organization_id = dim_account.organization_id
        and summed.account_key = dim_account.account_key
order by summed.line_order, dim_account.account_number
