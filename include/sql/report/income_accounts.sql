-- why: what the cells of the income statement are made of, account by account; last year's amount
--      stands on the line that last year's chart gives the account, as in the mart
with

chosen as (

    select *
    from mart.dim_fiscal_period
    where fiscal_period_key = %(period)s

),

last_year as (

    select fiscal_period.*
    from mart.dim_fiscal_period as fiscal_period
    inner join chosen
        on
            fiscal_period.organization_id = chosen.organization_id
            and fiscal_period.fiscal_period_key = chosen.last_year_period_key

),

span as (

    select
        fiscal_period.organization_id,
        fiscal_period.fiscal_period_key,
        fiscal_period.fiscal_period_key = chosen.fiscal_period_key as is_month,
        fiscal_period.fiscal_period_key = chosen.last_year_period_key as is_last_year,
        fiscal_period.financial_year_key = chosen.financial_year_key
        and fiscal_period.period_number <= chosen.period_number as is_to_date,
        fiscal_period.financial_year_key = last_year.financial_year_key
        and fiscal_period.period_number <= last_year.period_number as is_last_year_to_date,
        fiscal_period.month_date
        between chosen.month_date - interval '11 months' and chosen.month_date as is_rolling
    from mart.dim_fiscal_period as fiscal_period
    inner join chosen on fiscal_period.organization_id = chosen.organization_id
    left join last_year on fiscal_period.organization_id = last_year.organization_id
    where fiscal_period.has_ledger

),

summed as (

    select
        balance.organization_id,
        balance.account_key,
        statement_line.line_code,
        statement_line.line_order,
        sum(statement_line.sign * balance.net_amount) filter (where span.is_month) as month_amount,
        sum(statement_line.sign * balance.net_amount)
        filter (where span.is_last_year) as last_year_amount,
        sum(statement_line.sign * budget.budget_amount)
        filter (where span.is_month) as budget_amount,
        sum(statement_line.sign * balance.net_amount)
        filter (where span.is_to_date) as to_date_amount,
        sum(statement_line.sign * balance.net_amount)
        filter (where span.is_last_year_to_date) as last_year_to_date_amount,
        sum(statement_line.sign * budget.budget_amount)
        filter (where span.is_to_date) as budget_to_date_amount,
        sum(statement_line.sign * balance.net_amount)
        filter (where span.is_rolling) as rolling_amount
    from mart.fct_account_balance_period as balance
    inner join span
        on
            balance.organization_id = span.organization_id
            and balance.fiscal_period_key = span.fiscal_period_key
    inner join mart.dim_statement_line as statement_line
        on
            balance.statement_line_key = statement_line.statement_line_key
            and statement_line.statement_code = 'income_statement'
    left join mart.fct_budget as budget
        on
            balance.organization_id = budget.organization_id
            and balance.fiscal_period_key = budget.fiscal_period_key
            and balance.account_key = budget.account_key
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
        coalesce(summed.month_amount, 0),
        coalesce(summed.last_year_amount, 0),
        coalesce(summed.month_amount, 0) - coalesce(summed.last_year_amount, 0),
        coalesce(summed.budget_amount, 0),
        coalesce(summed.month_amount, 0) - coalesce(summed.budget_amount, 0),
        coalesce(summed.to_date_amount, 0),
        coalesce(summed.last_year_to_date_amount, 0),
        coalesce(summed.to_date_amount, 0) - coalesce(summed.last_year_to_date_amount, 0),
        coalesce(summed.budget_to_date_amount, 0),
        coalesce(summed.to_date_amount, 0) - coalesce(summed.budget_to_date_amount, 0),
        coalesce(summed.rolling_amount, 0)
    ] as amounts
from summed
inner join mart.dim_account as dim_account
    on
        summed.organization_id = dim_account.organization_id
        and summed.account_key = dim_account.account_key
order by summed.line_order, dim_account.account_number
