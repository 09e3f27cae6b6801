-- purpose: the lines that accounts can be arranged on
select
    line_code,
    statement_code,
    sign
from mart.dim_statement_line
where
    kind = 'line'
    and statement_code <> 'cash_flow'
