-- grain:  organization x fiscal period that has a last year x line of the operating result x
--         account whose amount differs
-- key:    organization_id, fiscal_period_key, statement_line_key, account_key
-- inputs: fct_account_balance_period, bridge_account_statement_line, dim_fiscal_period,
--         mart.dim_statement_line, mart.bridge_statement_line
-- why:    from last year's operating result to this year's, account by account: the differences sum
--         to that of the result, to the öre. Both amounts of an account stand on this year's line,
--         so that an account which the chart moved is no difference
create table mart.result_bridge (
    organization_id bigint not null,
    fiscal_period_key bigint not null,
    statement_line_key int not null,
    account_key bigint not null,
    amount numeric(18, 2) not null,
    last_year_amount numeric(18, 2) not null,
    difference_amount numeric(18, 2) not null,
    primary key (organization_id, fiscal_period_key, statement_line_key, account_key)
);

insert into mart.result_bridge (
    organization_id, fiscal_period_key, statement_line_key, account_key, amount,
    last_year_amount, difference_amount
)
with

operating_line as (

    select bridge.component_line_key as statement_line_key
    from mart.bridge_statement_line as bridge
    inner join mart.dim_statement_line as statement_line
        on
            bridge.statement_line_key = statement_line.statement_line_key
            and statement_line.line_code = 'operating_result'

),

compared_period as (

    select
        fiscal_period.organization_id,
        fiscal_period.fiscal_period_key,
        fiscal_period.financial_year_key,
        fiscal_period.last_year_period_key
    from mart.dim_fiscal_period as fiscal_period
    inner join mart.dim_fiscal_period as last_year
        on
            fiscal_period.organization_id = last_year.organization_id
            and fiscal_period.last_year_period_key = last_year.fiscal_period_key
            and last_year.has_ledger
    where fiscal_period.has_ledger

),

either_year as (

    select
        compared_period.organization_id,
        compared_period.fiscal_period_key,
        balance.statement_line_key,
        balance.account_key,
        -balance.net_amount as amount,
        0 as last_year_amount
    from compared_period
    inner join mart.fct_account_balance_period as balance
        on
            compared_period.organization_id = balance.organization_id
            and compared_period.fiscal_period_key = balance.fiscal_period_key
    union all
    select
        compared_period.organization_id,
        compared_period.fiscal_period_key,
        coalesce(
            account_line.statement_line_key, balance.statement_line_key
        ) as statement_line_key,
        balance.account_key,
        0 as amount,
        -balance.net_amount as last_year_amount
    from compared_period
    inner join mart.fct_account_balance_period as balance
        on
            compared_period.organization_id = balance.organization_id
            and compared_period.last_year_period_key = balance.fiscal_period_key
    left join mart.bridge_account_statement_line as account_line
        on
            balance.organization_id = account_line.organization_id
            and balance.account_key = account_line.account_key
            and compared_period.financial_year_key = account_line.financial_year_key

),

final as (

    select
        -- keys
        either_year.organization_id,
        either_year.fiscal_period_key,
        either_year.statement_line_key,
        either_year.account_key,

        -- measures
        sum(either_year.amount) as amount,
        sum(either_year.last_year_amount) as last_year_amount,
        sum(either_year.amount) - sum(either_year.last_year_amount) as difference_amount
    from either_year
    inner join operating_line
        on either_year.statement_line_key = operating_line.statement_line_key
    group by
        either_year.organization_id,
        either_year.fiscal_period_key,
        either_year.statement_line_key,
        either_year.account_key
    having sum(either_year.amount) <> sum(either_year.last_year_amount)

)

select * from final;
