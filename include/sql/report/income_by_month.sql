-- why: the income statement month by month, a column for each of the periods asked for
select
    statement_line.line_code as code,
    case %(language)s when 'en' then statement_line.name_en else statement_line.name_sv end
        as label,
    case %(language)s when 'en' then statement_line.section_en else statement_line.section_sv end
        as section,
    statement_line.kind,
    statement_line.indent_level as level,
    array_agg(income.amount order by fiscal_period.start_date) as amounts
from mart.income_statement as income
inner join mart.dim_statement_line as statement_line
    on income.statement_line_key = statement_line.statement_line_key
inner join mart.dim_fiscal_period as fiscal_period
    on
        income.organization_id = fiscal_period.organization_id
        and income.fiscal_period_key = fiscal_period.fiscal_period_key
where income.fiscal_period_key = any(%(periods)s)
group by statement_line.statement_line_key
order by statement_line.line_order
