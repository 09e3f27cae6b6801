-- grain:  organization x week (1 to 13, the first beginning tomorrow)
-- key:    organization_id, week_number
-- inputs: liquidity_event, fct_account_balance_period, fct_ledger_row, dim_account,
--         dim_fiscal_period, as_of
-- why:    cash (1900-1999) as booked until today, and what liquidity_event expects, week by week
create table mart.liquidity (
    organization_id bigint not null,
    week_number int not null,
    week_start_date date not null,
    week_end_date date not null,
    opening_amount numeric(18, 2) not null,
    receivable_amount numeric(18, 2) not null,
    payable_amount numeric(18, 2) not null,
    wages_amount numeric(18, 2) not null,
    payroll_taxes_amount numeric(18, 2) not null,
    vat_amount numeric(18, 2) not null,
    closing_amount numeric(18, 2) not null,
    primary key (organization_id, week_number)
);

insert into mart.liquidity (
    organization_id, week_number, week_start_date, week_end_date, opening_amount,
    receivable_amount, payable_amount, wages_amount, payroll_taxes_amount, vat_amount,
    closing_amount
)
with

opening as (

    select
        balance.organization_id,
        sum(balance.opening_balance) as amount
    from mart.fct_account_balance_period as balance
    inner join mart.as_of as today
        on
            balance.organization_id = today.organization_id
            and balance.financial_year_key = today.financial_year_key
    inner join mart.dim_fiscal_period as fiscal_period
        on
            balance.organization_id = fiscal_period.organization_id
            and balance.fiscal_period_key = fiscal_period.fiscal_period_key
            and fiscal_period.is_first
    inner join mart.dim_account as dim_account
        on
            balance.organization_id = dim_account.organization_id
            and balance.account_key = dim_account.account_key
            and dim_account.bas_number between 1900 and 1999
    group by balance.organization_id

),

moved as (

    select
        ledger_row.organization_id,
        sum(ledger_row.amount) as amount
    from mart.fct_ledger_row as ledger_row
    inner join mart.as_of as today
        on
            ledger_row.organization_id = today.organization_id
            and ledger_row.financial_year_key = today.financial_year_key
            and ledger_row.date_key <= today.date_key
    inner join mart.dim_account as dim_account
        on
            ledger_row.organization_id = dim_account.organization_id
            and ledger_row.account_key = dim_account.account_key
            and dim_account.bas_number between 1900 and 1999
    group by ledger_row.organization_id

),

week as (

    select
        today.organization_id,
        numbered.week_number,
        today.as_of_date + numbered.week_number * 7 - 6 as week_start_date,
        today.as_of_date + numbered.week_number * 7 as week_end_date,
        coalesce(opening.amount, 0) + coalesce(moved.amount, 0) as cash_amount
    from mart.as_of as today
    cross join generate_series(1, 13) as numbered (week_number)
    left join opening on today.organization_id = opening.organization_id
    left join moved on today.organization_id = moved.organization_id
    where today.as_of_date is not null

),

expected as (

    select
        organization_id,
        week_number,
        sum(amount) as amount,
        sum(amount) filter (where event_kind = 'receivable') as receivable_amount,
        sum(amount) filter (where event_kind = 'payable') as payable_amount,
        sum(amount) filter (where event_kind = 'wages') as wages_amount,
        sum(amount) filter (where event_kind = 'payroll_taxes') as payroll_taxes_amount,
        sum(amount) filter (where event_kind = 'vat') as vat_amount
    from mart.liquidity_event
    group by organization_id, week_number

),

final as (

    select
        -- keys
        week.organization_id,
        week.week_number,

        -- dates
        week.week_start_date,
        week.week_end_date,

        -- measures
        week.cash_amount
        + coalesce(sum(expected.amount) over to_date, 0)
        - coalesce(expected.amount, 0) as opening_amount,
        coalesce(expected.receivable_amount, 0) as receivable_amount,
        coalesce(expected.payable_amount, 0) as payable_amount,
        coalesce(expected.wages_amount, 0) as wages_amount,
        coalesce(expected.payroll_taxes_amount, 0) as payroll_taxes_amount,
        coalesce(expected.vat_amount, 0) as vat_amount,
        week.cash_amount + coalesce(sum(expected.amount) over to_date, 0) as closing_amount
    from week
    left join expected
        on
            week.organization_id = expected.organization_id
            and week.week_number = expected.week_number
    window to_date as (
        partition by week.organization_id
        order by week.week_number
        rows between unbounded preceding and current row
    )

)

select * from final;
