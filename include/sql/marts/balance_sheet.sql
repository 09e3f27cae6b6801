-- grain:  organization x period of a loaded financial year x line (those the organization ever
--         used, and all subtotals and derived lines)
-- key:    organization_id, fiscal_period_key, statement_line_key
-- inputs: staging.opening_balance, unbalanced_voucher, fct_account_balance_period,
--         dim_financial_year, dim_fiscal_period, mart.dim_statement_line,
--         mart.bridge_statement_line
-- why:    signed as a reader expects (assets +, equity and liabilities +). Four derived lines make
--         total assets equal total equity and liabilities to the öre for every organization and
--         period: the result not yet booked, a prior result that the opening balances lack,
--         accounts outside 1000-8999, and vouchers that do not balance. Last year's amount is empty
--         where there is no ledger of that month
create table mart.balance_sheet (
    organization_id bigint not null,
    fiscal_period_key bigint not null,
    statement_line_key int not null,
    financial_year_key bigint not null,
    date_key int not null,
    opening_of_year_amount numeric(18, 2) not null,
    opening_amount numeric(18, 2) not null,
    change_amount numeric(18, 2) not null,
    closing_amount numeric(18, 2) not null,
    last_year_closing_amount numeric(18, 2),
    primary key (organization_id, fiscal_period_key, statement_line_key)
);

insert into mart.balance_sheet (
    organization_id, fiscal_period_key, statement_line_key, financial_year_key, date_key,
    opening_of_year_amount, opening_amount, change_amount, closing_amount,
    last_year_closing_amount
)
with

booked as (

    select
        organization_id,
        financial_year_key,
        fiscal_period_key,
        statement_line_key,
        sum(opening_balance) as opening_balance,
        sum(net_amount) as net_amount
    from mart.fct_account_balance_period
    group by organization_id, financial_year_key, fiscal_period_key, statement_line_key

),

-- opening balances that do not sum to zero: last year's result was not carried to equity
prior_result as (

    select
        financial_year.organization_id,
        financial_year.financial_year_key,
        -sum(opening_balance.amount) as opening_balance
    from staging.opening_balance as opening_balance
    inner join mart.dim_financial_year as financial_year
        on
            opening_balance.organization_id = financial_year.organization_id
            and opening_balance.financial_year_id = financial_year.financial_year_id
    group by financial_year.organization_id, financial_year.financial_year_key

),

unbalanced_period as (

    select
        organization_id,
        fiscal_period_key,
        -sum(difference_amount) as net_amount
    from mart.unbalanced_voucher
    group by organization_id, fiscal_period_key

),

counterweight as (

    select
        fiscal_period.organization_id,
        fiscal_period.financial_year_key,
        fiscal_period.fiscal_period_key,
        statement_line.statement_line_key,
        case statement_line.line_code
            when 'prior_result_not_carried_forward' then prior_result.opening_balance
            else sum(unbalanced_period.net_amount) over previous_periods
        end as opening_balance,
        case statement_line.line_code
            when 'unbalanced_vouchers' then unbalanced_period.net_amount
        end as net_amount
    from mart.dim_fiscal_period as fiscal_period
    cross join mart.dim_statement_line as statement_line
    left join prior_result
        on
            fiscal_period.organization_id = prior_result.organization_id
            and fiscal_period.financial_year_key = prior_result.financial_year_key
    left join unbalanced_period
        on
            fiscal_period.organization_id = unbalanced_period.organization_id
            and fiscal_period.fiscal_period_key = unbalanced_period.fiscal_period_key
    where statement_line.line_code in ('prior_result_not_carried_forward', 'unbalanced_vouchers')
    window previous_periods as (
        partition by
            fiscal_period.organization_id,
            fiscal_period.financial_year_key,
            statement_line.statement_line_key
        order by fiscal_period.period_number
        rows between unbounded preceding and 1 preceding
    )

),

component as (

    select
        organization_id,
        financial_year_key,
        fiscal_period_key,
        statement_line_key,
        opening_balance,
        net_amount
    from booked
    union all
    select
        organization_id,
        financial_year_key,
        fiscal_period_key,
        statement_line_key,
        opening_balance,
        net_amount
    from counterweight

),

cell as (

    select
        component.organization_id,
        component.financial_year_key,
        component.fiscal_period_key,
        statement_line.statement_line_key,
        statement_line.sign * sum(component.opening_balance) as opening_amount,
        statement_line.sign * sum(component.net_amount) as change_amount
    from component
    inner join mart.bridge_statement_line as bridge
        on component.statement_line_key = bridge.component_line_key
    inner join mart.dim_statement_line as statement_line
        on
            bridge.statement_line_key = statement_line.statement_line_key
            and statement_line.statement_code = 'balance_sheet'
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
        statement_line_key
    from cell
    union distinct
    select
        financial_year.organization_id,
        statement_line.statement_line_key
    from mart.dim_financial_year as financial_year
    cross join mart.dim_statement_line as statement_line
    where
        statement_line.statement_code = 'balance_sheet'
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
        coalesce(first_value(cell.opening_amount) over whole_year, 0) as opening_of_year_amount,
        coalesce(cell.opening_amount, 0) as opening_amount,
        coalesce(cell.change_amount, 0) as change_amount,
        coalesce(cell.opening_amount, 0) + coalesce(cell.change_amount, 0) as closing_amount
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
    window whole_year as (
        partition by
            shown.organization_id,
            fiscal_period.financial_year_key,
            shown.statement_line_key
        order by fiscal_period.period_number
        rows between unbounded preceding and unbounded following
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
        filled.opening_of_year_amount,
        filled.opening_amount,
        filled.change_amount,
        filled.closing_amount,
        last_year.closing_amount as last_year_closing_amount
    from filled
    left join filled as last_year
        on
            filled.organization_id = last_year.organization_id
            and filled.last_year_period_key = last_year.fiscal_period_key
            and filled.statement_line_key = last_year.statement_line_key

)

select * from final;
