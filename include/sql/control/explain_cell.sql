-- purpose: the cell of a statement, as it stands in the marts
with

asked as (

    select
        %(statement)s as statement_code,
        %(line)s as line_code,
        %(month)s::date as month_date

)

select
    statement_line.name_sv,
    fiscal_period.label_sv,
    financial_year.financial_year_id,
    case statement_line.statement_code
        when 'income_statement' then income.amount
        when 'balance_sheet' then sheet.closing_amount
        else cash_flow.amount
    end as amount
from asked
inner join mart.dim_statement_line as statement_line
    on
        asked.statement_code = statement_line.statement_code
        and asked.line_code = statement_line.line_code
inner join mart.dim_fiscal_period as fiscal_period
    on
        fiscal_period.organization_id = control.current_organization_id()
        and asked.month_date = fiscal_period.month_date
        and fiscal_period.has_ledger
inner join mart.dim_financial_year as financial_year
    on
        fiscal_period.organization_id = financial_year.organization_id
        and fiscal_period.financial_year_key = financial_year.financial_year_key
left join mart.income_statement as income
    on
        fiscal_period.organization_id = income.organization_id
        and fiscal_period.fiscal_period_key = income.fiscal_period_key
        and statement_line.statement_line_key = income.statement_line_key
left join mart.balance_sheet as sheet
    on
        fiscal_period.organization_id = sheet.organization_id
        and fiscal_period.fiscal_period_key = sheet.fiscal_period_key
        and statement_line.statement_line_key = sheet.statement_line_key
left join mart.cash_flow as cash_flow
    on
        fiscal_period.organization_id = cash_flow.organization_id
        and fiscal_period.fiscal_period_key = cash_flow.fiscal_period_key
        and statement_line.statement_line_key = cash_flow.statement_line_key
order by fiscal_period.start_date desc
