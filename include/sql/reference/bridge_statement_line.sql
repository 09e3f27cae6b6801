-- grain:  statement line x line that accounts are mapped to (its component)
-- key:    statement_line_key, component_line_key
-- inputs: dim_statement_line, statement_subtotal
-- why:    a cell of a statement is the sum over its line's components: a line is its own
--         component, a subtotal has those of every line in its sections
create table mart.bridge_statement_line (
    statement_line_key int not null references mart.dim_statement_line,
    component_line_key int not null references mart.dim_statement_line,
    primary key (statement_line_key, component_line_key)
);

insert into mart.bridge_statement_line (statement_line_key, component_line_key)
with

leaf_component as (

    select
        leaf.statement_line_key,
        leaf.statement_line_key as component_line_key
    from mart.dim_statement_line as leaf
    where leaf.kind in ('line', 'derived')
    union all
    -- the calculated result, a line of the balance sheet, is made of the income statement's lines
    select
        derived.statement_line_key,
        component.statement_line_key as component_line_key
    from mart.dim_statement_line as derived
    inner join mart.statement_subtotal as summed on derived.line_code = summed.subtotal_code
    inner join mart.dim_statement_line as component
        on summed.section_code = component.section_code and component.kind = 'line'
    where derived.kind = 'derived'

),

final as (

    select
        statement_line_key,
        component_line_key
    from leaf_component
    union all
    select
        subtotal.statement_line_key,
        leaf_component.component_line_key
    from mart.dim_statement_line as subtotal
    inner join mart.statement_subtotal as summed on subtotal.line_code = summed.subtotal_code
    inner join mart.dim_statement_line as leaf
        on
            summed.section_code = leaf.section_code
            and leaf.kind in ('line', 'derived')
    inner join leaf_component on leaf.statement_line_key = leaf_component.statement_line_key
    where subtotal.kind = 'subtotal'

)

select
    statement_line_key,
    component_line_key
from final;
