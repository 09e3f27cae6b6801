-- why: the income statement of the month, each line with its amounts in the order of the report's
--      columns (figures.INCOME_COLUMNS)
select
    statement_line.line_code as code,
    case %(language)s when 'en' then statement_line.name_en else statement_line.name_sv end
        as label,
    case %(language)s when 'en' then statement_line.section_en else statement_line.section_sv end
        as section,
    statement_line.kind,
    statement_line.indent_level as level,
    array[
        income.amount,
        income.last_year_amount,
        income.amount - income.last_year_amount,
        income.budget_amount,
        income.deviation_amount,
        income.year_to_date_amount,
        income.last_year_to_date_amount,
        income.year_to_date_amount - income.last_year_to_date_amount,
        income.budget_to_date_amount,
        income.deviation_to_date_amount,
        income.rolling_12_amount
    ] as amounts
from mart.income_statement as income
inner join mart.dim_statement_line as statement_line
    on income.statement_line_key = statement_line.statement_line_key
where income.fiscal_period_key = %(period)s
order by statement_line.line_order
