-- grain:  organization x period of a loaded financial year x line (those in use that year, and all
--         subtotals)
-- key:    organization_id, fiscal_period_key, statement_line_key
-- inputs: fct_account_balance_period, dim_financial_year, dim_fiscal_period,
--         mart.dim_statement_line, mart.bridge_statement_line
-- why:    costs by nature; signed as a reader expects (income +, costs -). 8990-8999, where the
--         result is closed, is on none of its lines
create table mart.income_statement (
    organization_id bigint not null,
    fiscal_period_key bigint not null,
    statement_line_key int not null,
    financial_year_key bigint not null,
    date_key int not null,
    amount numeric(18, 2) not null,
    year_to_date_amount numeric(18, 2) not null,
    primary key (organization_id, fiscal_period_key, statement_line_key)
);

insert into mart.income_statement (
    organization_id, fiscal_period_key, statement_line_key, financial_year_key, date_key,
    amount, year_to_date_amount
)
with

component as (

    select
        organization_id,
        financial_year_key,
        fiscal_period_key,
        statement_line_key,
        sum(net_amount) as net_amount
    from mart.fct_account_balance_period
    group by organization_id, financial_year_key, fiscal_period_key, statement_line_key

),

cell as (

    select
        component.organization_id,
        component.financial_year_key,
        component.fiscal_period_key,
        statement_line.statement_line_key,
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
        statement_line.sign

),

shown as (

    select
        organization_id,
        financial_year_key,
        statement_line_key
    from cell
    union distinct
    select
        financial_year.organization_id,
        financial_year.financial_year_key,
        statement_line.statement_line_key
    from mart.dim_financial_year as financial_year
    cross join mart.dim_statement_line as statement_line
    where
        financial_year.has_ledger
        and statement_line.statement_code = 'income_statement'
        and statement_line.kind = 'subtotal'

),

final as (

    select
        -- keys
        shown.organization_id,
        fiscal_period.fiscal_period_key,
        shown.statement_line_key,
        shown.financial_year_key,
        fiscal_period.date_key,

        -- measures
        coalesce(cell.amount, 0) as amount,
        coalesce(sum(cell.amount) over year_to_date, 0) as year_to_date_amount
    from shown
    inner join mart.dim_fiscal_period as fiscal_period
        on
            shown.organization_id = fiscal_period.organization_id
            and shown.financial_year_key = fiscal_period.financial_year_key
    left join cell
        on
            shown.organization_id = cell.organization_id
            and fiscal_period.fiscal_period_key = cell.fiscal_period_key
            and shown.statement_line_key = cell.statement_line_key
    window year_to_date as (
        partition by
            shown.organization_id,
            shown.financial_year_key,
            shown.statement_line_key
        order by fiscal_period.period_number
        rows between unbounded preceding and current row
    )

)

select * from final;
