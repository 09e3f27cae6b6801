-- grain:  organization x period of a loaded financial year x line (those the organization ever
--         used, and all subtotals and derived lines)
-- key:    organization_id, fiscal_period_key, statement_line_key
-- inputs: fct_account_balance_period, unbalanced_voucher, dim_financial_year, dim_fiscal_period,
--         bridge_account_cash_flow_line, mart.dim_statement_line, mart.bridge_statement_line
-- why:    the indirect method: cash moved by the reverse of all that moved on other accounts, so
--         the total is the change of the cash accounts (1900-1999) to the öre; signed as a reader
--         expects (money in +). Empty is what cannot be known, as in the income statement
create table mart.cash_flow (
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
    primary key (organization_id, fiscal_period_key, statement_line_key)
);

insert into mart.cash_flow (
    organization_id, fiscal_period_key, statement_line_key, financial_year_key, date_key,
    amount, year_to_date_amount, rolling_12_amount, last_year_amount, last_year_to_date_amount
)
with

component as (

    select
        balance.organization_id,
        balance.fiscal_period_key,
        cash_line.statement_line_key,
        sum(cash_line.weight * balance.net_amount) as net_amount
    from mart.fct_account_balance_period as balance
    inner join mart.bridge_account_cash_flow_line as cash_line
        on
            balance.organization_id = cash_line.organization_id
            and balance.account_key = cash_line.account_key
    group by balance.organization_id, balance.fiscal_period_key, cash_line.statement_line_key
    union all
    -- a row without its counterpart moved cash, or something else, by nothing
    select
        unbalanced_voucher.organization_id,
        unbalanced_voucher.fiscal_period_key,
        statement_line.statement_line_key,
        -sum(unbalanced_voucher.difference_amount) as net_amount
    from mart.unbalanced_voucher as unbalanced_voucher
    inner join mart.dim_statement_line as statement_line
        on statement_line.line_code = 'cash_unbalanced_vouchers'
    group by
        unbalanced_voucher.organization_id,
        unbalanced_voucher.fiscal_period_key,
        statement_line.statement_line_key

),

cell as (

    select
        component.organization_id,
        component.fiscal_period_key,
        statement_line.statement_line_key,
        statement_line.sign * sum(component.net_amount) as amount
    from component
    inner join mart.bridge_statement_line as bridge
        on component.statement_line_key = bridge.component_line_key
    inner join mart.dim_statement_line as statement_line
        on bridge.statement_line_key = statement_line.statement_line_key
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
        statement_line.statement_code = 'cash_flow'
        and statement_line.kind in ('subtotal', 'derived')

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
        end as rolling_12_amount
    from shown
    inner join mart.dim_fiscal_period as fiscal_period
        on
            shown.organization_id = fiscal_period.organization_id
            and fiscal_period.has_ledger
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
        last_year.year_to_date_amount as last_year_to_date_amount
    from filled
    left join filled as last_year
        on
            filled.organization_id = last_year.organization_id
            and filled.last_year_period_key = last_year.fiscal_period_key
            and filled.statement_line_key = last_year.statement_line_key

)

select * from final;
