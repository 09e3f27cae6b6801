-- why: which lines a subtotal sums, so that it can be followed down to accounts
select
    subtotal.line_code as code,
    array_agg(component.line_code order by component.line_order) as parts
from mart.bridge_statement_line as bridge
inner join mart.dim_statement_line as subtotal
    on bridge.statement_line_key = subtotal.statement_line_key
inner join mart.dim_statement_line as component
    on bridge.component_line_key = component.statement_line_key
where subtotal.line_code <> component.line_code
group by subtotal.line_code
