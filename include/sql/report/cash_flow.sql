-- why: the cash flow statement of the month, each line with its amounts in the order of the
--      report's columns (figures.CASH_COLUMNS)
select
    statement_line.line_code as code,
    case %(language)s when 'en' then statement_line.name_en else statement_line.name_sv end
        as label,
    case %(language)s when 'en' then statement_line.section_en else statement_line.section_sv end
        as section,
    statement_line.kind,
    statement_line.indent_level as level,
    array[
        flow.amount,
        flow.last_year_amount,
        flow.amount - flow.last_year_amount,
        flow.year_to_date_amount,
        flow.last_year_to_date_amount,
        flow.year_to_date_amount - flow.last_year_to_date_amount,
        flow.rolling_12_amount
    ] as amounts
from mart.cash_flow as flow
inner join mart.dim_statement_line as statement_line
    on flow.statement_line_key = statement_line.statement_line_key
where flow.fiscal_period_key = %(period)s
order by statement_line.line_order
