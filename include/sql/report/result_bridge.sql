-- why: what moved the operating result from last year's, line by line
select
    case %(language)s when 'en' then statement_line.name_en else statement_line.name_sv end
        as label,
    sum(bridge.difference_amount) as amount
from mart.result_bridge as bridge
inner join mart.dim_statement_line as statement_line
    on bridge.statement_line_key = statement_line.statement_line_key
where bridge.fiscal_period_key = %(period)s
group by statement_line.statement_line_key
order by statement_line.line_order
