-- why: the balance sheet at the end of the month, each line with its amounts in the order of the
--      report's columns (figures.BALANCE_COLUMNS)
select
    statement_line.line_code as code,
    case %(language)s when 'en' then statement_line.name_en else statement_line.name_sv end
        as label,
    case %(language)s when 'en' then statement_line.section_en else statement_line.section_sv end
        as section,
    statement_line.kind,
    statement_line.indent_level as level,
    array[
        sheet.opening_of_year_amount,
        sheet.opening_amount,
        sheet.change_amount,
        sheet.closing_amount,
        sheet.last_year_closing_amount,
        sheet.closing_amount - sheet.last_year_closing_amount
    ] as amounts
from mart.balance_sheet as sheet
inner join mart.dim_statement_line as statement_line
    on sheet.statement_line_key = statement_line.statement_line_key
where sheet.fiscal_period_key = %(period)s
order by statement_line.line_order
