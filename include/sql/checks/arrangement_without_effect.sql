-- severity: warn
-- inputs:   control.arrangement, mart.dim_statement_line
-- why:      an arrangement that names no line, or one of another side than its accounts, moves
--           nothing: the chart holds for them
select
    arrangement.organization_id,
    'arrangement moves nothing' as reason,
    jsonb_build_object(
        'account_from', arrangement.account_from,
        'account_to', arrangement.account_to,
        'line', arrangement.line_code
    ) as detail
from control.arrangement as arrangement
left join mart.dim_statement_line as statement_line
    on
        arrangement.line_code = statement_line.line_code
        and statement_line.kind = 'line'
        and statement_line.sign = case when arrangement.account_from < 2000 then 1 else -1 end
        and statement_line.statement_code = case
            when arrangement.account_from < 3000 then 'balance_sheet' else 'income_statement'
        end
where statement_line.line_code is null;
