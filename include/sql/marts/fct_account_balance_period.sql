-- grain:  organization x financial year's period x account in use, zero-filled
-- key:    organization_id, fiscal_period_key, account_key
-- inputs: staging.opening_balance, fct_ledger_row, dim_financial_year, dim_fiscal_period,
--         dim_account, bridge_account_statement_line
-- why:    a balance exists also in months without vouchers. The year opens with the file's own #IB
--         (or by the organization's policy with the former closing);
--         amounts are ledger amounts (SEK, debit +), credit_amount is positive
create table mart.fct_account_balance_period (
    organization_id bigint not null,
    fiscal_period_key bigint not null,
    account_key bigint not null,
    financial_year_key bigint not null,
    statement_line_key int not null,
    date_key int not null,
    opening_balance numeric(18, 2) not null,
    debit_amount numeric(18, 2) not null,
    credit_amount numeric(18, 2) not null,
    net_amount numeric(18, 2) not null,
    closing_balance numeric(18, 2) not null,
    row_count int not null,
    primary key (organization_id, fiscal_period_key, account_key)
);

insert into mart.fct_account_balance_period (
    organization_id, fiscal_period_key, account_key, financial_year_key, statement_line_key,
    date_key, opening_balance, debit_amount, credit_amount, net_amount, closing_balance,
    row_count
)
with

movement as (

    select
        organization_id,
        fiscal_period_key,
        account_key,
        sum(debit_amount) as debit_amount,
        sum(credit_amount) as credit_amount,
        sum(amount) as net_amount,
        count(*) filter (where not is_struck) as row_count
    from mart.fct_ledger_row
    group by organization_id, fiscal_period_key, account_key

),

opening as (

    select
        opening_balance.organization_id,
        financial_year.financial_year_key,
        dim_account.account_key,
        opening_balance.amount
    from staging.opening_balance as opening_balance
    inner join mart.dim_financial_year as financial_year
        on
            opening_balance.organization_id = financial_year.organization_id
            and opening_balance.financial_year_id = financial_year.financial_year_id
    inner join mart.dim_account as dim_account
        on
            opening_balance.organization_id = dim_account.organization_id
            and opening_balance.account_number = dim_account.account_number

),

final as (

    select
        -- keys
        account_line.organization_id,
        fiscal_period.fiscal_period_key,
        account_line.account_key,
        account_line.financial_year_key,
        account_line.statement_line_key,
        fiscal_period.date_key,

        -- measures
        coalesce(opening.amount, 0)
        + coalesce(sum(movement.net_amount) over previous_periods, 0) as opening_balance,
        coalesce(movement.debit_amount, 0) as debit_amount,
        coalesce(movement.credit_amount, 0) as credit_amount,
        coalesce(movement.net_amount, 0) as net_amount,
        coalesce(opening.amount, 0)
        + coalesce(sum(movement.net_amount) over previous_periods, 0)
        + coalesce(movement.net_amount, 0) as closing_balance,
        coalesce(movement.row_count, 0) as row_count
    from mart.bridge_account_statement_line as account_line
    inner join mart.dim_fiscal_period as fiscal_period
        on
            account_line.organization_id = fiscal_period.organization_id
            and account_line.financial_year_key = fiscal_period.financial_year_key
    left join movement
        on
            account_line.organization_id = movement.organization_id
            and fiscal_period.fiscal_period_key = movement.fiscal_period_key
            and account_line.account_key = movement.account_key
    left join opening
        on
            account_line.organization_id = opening.organization_id
            and account_line.financial_year_key = opening.financial_year_key
            and account_line.account_key = opening.account_key
    window previous_periods as (
        partition by
            account_line.organization_id,
            account_line.financial_year_key,
            account_line.account_key
        order by fiscal_period.period_number
        rows between unbounded preceding and 1 preceding
    )

)

select * from final;
