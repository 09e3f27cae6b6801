-- grain:  organization x period x line x cost centre x project, where something was booked
-- key:    organization_id, fiscal_period_key, statement_line_key, cost_center_key, project_key
-- inputs: fct_ledger_row, mart.dim_statement_line, mart.bridge_statement_line
-- why:    the income statement split by what a row was booked on; rows without belong to the member
--         "none", so the split sums to the statement
create table mart.income_statement_by_object (
    organization_id bigint not null,
    fiscal_period_key bigint not null,
    statement_line_key int not null,
    cost_center_key bigint not null,
    project_key bigint not null,
    financial_year_key bigint not null,
    amount numeric(18, 2) not null,
    primary key (
        organization_id, fiscal_period_key, statement_line_key, cost_center_key, project_key
    )
);

insert into mart.income_statement_by_object (
    organization_id, fiscal_period_key, statement_line_key, cost_center_key, project_key,
    financial_year_key, amount
)
with

component as (

    select
        organization_id,
        financial_year_key,
        fiscal_period_key,
        statement_line_key,
        cost_center_key,
        project_key,
        sum(amount) as net_amount
    from mart.fct_ledger_row
    where not is_struck
    group by
        organization_id,
        financial_year_key,
        fiscal_period_key,
        statement_line_key,
        cost_center_key,
        project_key

),

final as (

    select
        -- keys
        component.organization_id,
        component.fiscal_period_key,
        statement_line.statement_line_key,
        component.cost_center_key,
        component.project_key,
        component.financial_year_key,

        -- measures
        statement_line.sign * sum(component.net_amount) as amount
    from component
    inner join mart.bridge_statement_line as bridge
        on component.statement_line_key = bridge.component_line_key
    inner join mart.dim_statement_line as statement_line
        on
            bridge.statement_line_key = statement_line.statement_line_key
            and statement_line.statement_code = 'income_statement'
    group by
        component.organization_id,
        component.financial_year_key,
        component.fiscal_period_key,
        statement_line.statement_line_key,
        statement_line.sign,
        component.cost_center_key,
        component.project_key

)

select * from final;
