-- grain:  organization x period of a loaded financial year x line (those the organization ever
--         used, and all subtotals)
-- key:    organization_id, fiscal_period_key, statement_line_key
-- inputs: fct_account_balance_period, fct_budget, dim_financial_year, dim_fiscal_period,
--         mart.dim_statement_line, mart.bridge_statement_line
-- why:    costs by nature; signed as a reader expects (income +, costs -). 8990-8999, where the
--         result is closed, is on none of its lines. Empty is what cannot be known: last year
--         without a ledger, twelve months where there are fewer, a budget that the year has not
create table mart.income_statement (
    organization_id bigint not null,
    fiscal_period_key bigint not null,
    statement_line_key int not null,
    financial_year_key bigint not null,
    date_key int not null,
    amount numeric(18, 2) not null,
    year_to_date_amount numeric(18, 2) not null,
    rolling_12_amount numeric(18, 2),
    last_year_amount numeric(18, 2),
    last_year_to_date_amount numeric(18, 2),
    budget_amount numeric(18, 2),
    budget_to_date_amount numeric(18, 2),
    deviation_amount numeric(18, 2),
    deviation_to_date_amount numeric(18, 2),
    primary key (organization_id, fiscal_period_key, statement_line_key)
);

insert into mart.income_statement (
    organization_id, fiscal_period_key, statement_line_key, financial_year_key, date_key,
    amount, year_to_date_amount, rolling_12_amount, last_year_amount, last_year_to_date_amount,
    budget_amount, budget_to_date_amount, deviation_amount, deviation_to_date_amount
)
with

component as (

    select
        balance.organization_id,
        balance.fiscal_period_key,
        balance.statement_line_key,
        sum(balance.net_amount) as net_amount,
        sum(budget.budget_amount) as budget_amount
    from mart.fct_account_balance_period as balance
    left join mart.fct_budget as budget
        on
            balance.organization_id = budget.organization_id
            and balance.fiscal_period_key = budget.fiscal_period_key
            and balance.account_key = budget.account_key
    group by balance.organization_id, balance.fiscal_period_key, balance.statement_line_key

),

cell as (

    select
        component.organization_id,
        component.fiscal_period_key,
        statement_line.statement_line_key,
        statement_line.sign * sum(component.net_amount) as amount,
        statement_line.sign * sum(component.budget_amount) as budget_amount
    from component
    inner join mart.bridge_statement_line as bridge
        on component.statement_line_key = bridge.component_line_key
    inner join mart.dim_statement_line as statement_line
        on
            bridge.statement_line_key = statement_line.statement_line_key
            and statement_line.statement_code = 'income_statement'
    group by
        component.organization_id,
        component.fiscal_period_key,
        statement_line.statement_line_key,
        statement_line.sign

),

shown as (

    select
        organization_id,
        statement_line_key
    from cell
    union distinct
    select
        financial_year.organization_id,
        statement_line.statement_line_key
    from mart.dim_financial_year as financial_year
    cross join mart.dim_statement_line as statement_line
    where
        statement_line.statement_code = 'income_statement'
        and statement_line.kind = 'subtotal'

),

budgeted_year as (

    select
        organization_id,
        financial_year_key
    from mart.fct_budget
    group by organization_id, financial_year_key

),

filled as (

    select
        shown.organization_id,
        fiscal_period.fiscal_period_key,
        shown.statement_line_key,
        fiscal_period.financial_year_key,
        fiscal_period.last_year_period_key,
        fiscal_period.date_key,
        coalesce(cell.amount, 0) as amount,
        coalesce(sum(cell.amount) over year_to_date, 0) as year_to_date_amount,
        case
            when fiscal_period.has_twelve_months then coalesce(sum(cell.amount) over rolling_12, 0)
        end as rolling_12_amount,
        case
            when budgeted_year.financial_year_key is not null then coalesce(cell.budget_amount, 0)
        end as budget_amount,
        case
            when budgeted_year.financial_year_key is not null
                then coalesce(sum(cell.budget_amount) over year_to_date, 0)
        end as budget_to_date_amount
    from shown
    inner join mart.dim_fiscal_period as fiscal_period
        on
            shown.organization_id = fiscal_period.organization_id
            and fiscal_period.has_ledger
    left join budgeted_year
        on
            fiscal_period.organization_id = budgeted_year.organization_id
            and fiscal_period.financial_year_key = budgeted_year.financial_year_key
    left join cell
        on
            shown.organization_id = cell.organization_id
            and fiscal_period.fiscal_period_key = cell.fiscal_period_key
            and shown.statement_line_key = cell.statement_line_key
    window
        year_to_date as (
            partition by
                shown.organization_id,
                fiscal_period.financial_year_key,
                shown.statement_line_key
            order by fiscal_period.period_number
            rows between unbounded preceding and current row
        ),
        rolling_12 as (
            partition by shown.organization_id, shown.statement_line_key
            order by fiscal_period.month_date
            range between interval '11 months' preceding and current row
        )

),

final as (

    select
        -- keys
        filled.organization_id,
        filled.fiscal_period_key,
        filled.statement_line_key,
        filled.financial_year_key,
        filled.date_key,

        -- measures
        filled.amount,
        filled.year_to_date_amount,
        filled.rolling_12_amount,
        last_year.amount as last_year_amount,
        last_year.year_to_date_amount as last_year_to_date_amount,
        filled.budget_amount,
        filled.budget_to_date_amount,
        filled.amount - filled.budget_amount as deviation_amount,
        filled.year_to_date_amount - filled.budget_to_date_amount as deviation_to_date_amount
    from filled
    left join filled as last_year
        on
            filled.organization_id = last_year.organization_id
            and filled.last_year_period_key = last_year.fiscal_period_key
            and filled.statement_line_key = last_year.statement_line_key

)

select * from final;
