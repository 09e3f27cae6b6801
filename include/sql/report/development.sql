-- why: net sales and the operating result of up to 25 months, the oldest first, for the charts of
--      months and of rolling twelve months
with

newest as (

    select
        fiscal_period.organization_id,
        fiscal_period.fiscal_period_key,
        fiscal_period.start_date,
        fiscal_period.month_date
    from mart.dim_fiscal_period as fiscal_period
    inner join mart.dim_fiscal_period as chosen
        on
            fiscal_period.organization_id = chosen.organization_id
            and fiscal_period.start_date <= chosen.start_date
    where
        chosen.fiscal_period_key = %(period)s
        and fiscal_period.has_ledger
    order by fiscal_period.start_date desc
    limit 25

)

select
    statement_line.line_code as code,
    case %(language)s when 'en' then statement_line.name_en else statement_line.name_sv end
        as label,
    case %(language)s when 'en' then dim_date.month_short_en else dim_date.month_short_sv end
        as month_name,
    dim_date.calendar_year as year,
    income.amount,
    income.last_year_amount,
    income.budget_amount,
    income.rolling_12_amount
from newest
inner join mart.income_statement as income
    on
        newest.organization_id = income.organization_id
        and newest.fiscal_period_key = income.fiscal_period_key
inner join mart.dim_statement_line as statement_line
    on
        income.statement_line_key = statement_line.statement_line_key
        and statement_line.line_code in ('net_sales', 'operating_result')
inner join mart.dim_date as dim_date on newest.month_date = dim_date.calendar_date
order by statement_line.line_order, newest.start_date
