-- grain:  organization x expected payment after today, within 13 weeks
-- key:    organization_id, event_kind, event_number
-- inputs: fct_open_item, fct_subledger_movement, fct_account_balance_period, fct_ledger_row,
--         dim_account, dim_fiscal_period, as_of, mart.dim_date
-- why:    what is known to come: open invoices when their payer usually pays (due date and the
--         amount-weighted days late of the last twelve months, the company's own for a customer
--         who never paid; suppliers on the due date), net wages on the 25th and payroll taxes on
--         the 12th like the average of the last three ended months, today's VAT debt on the 12th
--         of the month after next. What should have been paid already is expected tomorrow; a
--         payment on a Saturday or Sunday is moved to the Friday before. In is +
create table mart.liquidity_event (
    organization_id bigint not null,
    event_kind text not null check (
        event_kind in ('receivable', 'payable', 'wages', 'payroll_taxes', 'vat')
    ),
    event_number int not null,
    week_number int not null,
    date_key int not null,
    invoice_number text,
    expected_date date not null,
    amount numeric(18, 2) not null,
    primary key (organization_id, event_kind, event_number)
);

insert into mart.liquidity_event (
    organization_id, event_kind, event_number, week_number, date_key, invoice_number,
    expected_date, amount
)
with

today as (

    select
        organization_id,
        as_of_date
    from mart.as_of
    where as_of_date is not null

),

paid as (

    select
        movement.organization_id,
        movement.customer_key,
        sum(-movement.amount * movement.days_late) as days_late_product,
        sum(-movement.amount) as paid_amount
    from mart.fct_subledger_movement as movement
    inner join today
        on
            movement.organization_id = today.organization_id
            and movement.movement_date <= today.as_of_date
            and movement.movement_date > today.as_of_date - interval '12 months'
    where
        movement.side = 'receivable'
        and movement.movement_kind = 'paid'
        and movement.amount < 0
    group by movement.organization_id, movement.customer_key

),

habit_of_all as (

    select
        organization_id,
        round(sum(days_late_product) / sum(paid_amount))::int as days_late
    from paid
    group by organization_id

),

expected_invoice as (

    select
        open_item.organization_id,
        open_item.side as event_kind,
        open_item.invoice_number,
        case open_item.side
            when 'receivable'
                then open_item.due_date + coalesce(
                    round(paid.days_late_product / paid.paid_amount)::int,
                    habit_of_all.days_late,
                    0
                )
            else open_item.due_date
        end as planned_date,
        case open_item.side
            when 'receivable' then open_item.open_amount
            else -open_item.open_amount
        end as amount
    from mart.fct_open_item as open_item
    left join paid
        on
            open_item.organization_id = paid.organization_id
            and open_item.customer_key = paid.customer_key
    left join habit_of_all on open_item.organization_id = habit_of_all.organization_id
    where open_item.is_today

),

ended_month as (

    select
        fiscal_period.organization_id,
        fiscal_period.fiscal_period_key,
        row_number() over (
            partition by fiscal_period.organization_id order by fiscal_period.end_date desc
        ) as age
    from mart.dim_fiscal_period as fiscal_period
    inner join today
        on
            fiscal_period.organization_id = today.organization_id
            and fiscal_period.end_date <= today.as_of_date
    where fiscal_period.has_ledger

),

-- gross wages less the tax withheld of them, and that tax with the employer's contributions
payroll as (

    select
        balance.organization_id,
        round(
            (
                coalesce(sum(balance.net_amount) filter (
                    where dim_account.bas_number between 7000 and 7399
                ), 0)
                - coalesce(sum(balance.credit_amount) filter (
                    where dim_account.bas_number between 2710 and 2719
                ), 0)
            ) / 3, 2
        ) as wage_amount,
        round(
            sum(balance.credit_amount) filter (
                where dim_account.bas_number between 2710 and 2739
            ) / 3, 2
        ) as tax_amount
    from mart.fct_account_balance_period as balance
    inner join ended_month
        on
            balance.organization_id = ended_month.organization_id
            and balance.fiscal_period_key = ended_month.fiscal_period_key
            and ended_month.age <= 3
    inner join mart.dim_account as dim_account
        on
            balance.organization_id = dim_account.organization_id
            and balance.account_key = dim_account.account_key
    group by balance.organization_id

),

vat_opening as (

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
            and dim_account.bas_number between 2600 and 2699
    group by balance.organization_id

),

vat_moved as (

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
            and dim_account.bas_number between 2600 and 2699
    group by ledger_row.organization_id

),

coming_day as (

    select
        today.organization_id,
        today.as_of_date,
        calendar.calendar_date,
        calendar.day_of_month,
        calendar.month_order
    from today
    inner join mart.dim_date as calendar
        on
            today.as_of_date < calendar.calendar_date
            and calendar.calendar_date <= today.as_of_date + 91
            and calendar.day_of_month in (12, 25)

),

planned as (

    select
        organization_id,
        event_kind,
        invoice_number,
        planned_date,
        amount
    from expected_invoice
    union all
    select
        coming_day.organization_id,
        case coming_day.day_of_month when 25 then 'wages' else 'payroll_taxes' end as event_kind,
        null as invoice_number,
        coming_day.calendar_date as planned_date,
        case coming_day.day_of_month
            when 25 then -payroll.wage_amount
            else -payroll.tax_amount
        end as amount
    from coming_day
    inner join payroll on coming_day.organization_id = payroll.organization_id
    union all
    select
        today.organization_id,
        'vat' as event_kind,
        null as invoice_number,
        (date_trunc('month', today.as_of_date::timestamp) + interval '2 months 11 days')::date
            as planned_date,
        vat_opening.amount + coalesce(vat_moved.amount, 0) as amount
    from today
    left join vat_opening on today.organization_id = vat_opening.organization_id
    left join vat_moved on today.organization_id = vat_moved.organization_id

),

expected as (

    select
        planned.organization_id,
        planned.event_kind,
        planned.invoice_number,
        planned.amount,
        today.as_of_date,
        greatest(
            today.as_of_date + 1,
            planned.planned_date
            - case extract(isodow from planned.planned_date)::int
                when 6 then 1
                when 7 then 2
                else 0
            end
        ) as expected_date
    from planned
    inner join today on planned.organization_id = today.organization_id
    where planned.amount <> 0

),

final as (

    select
        -- keys
        organization_id,
        event_kind,
        row_number() over (
            partition by organization_id, event_kind
            order by expected_date, invoice_number, amount
        ) as event_number,
        (expected_date - as_of_date - 1) / 7 + 1 as week_number,
        to_char(expected_date, 'YYYYMMDD')::int as date_key,

        -- dimensions
        invoice_number,

        -- dates
        expected_date,

        -- measures
        amount
    from expected
    where expected_date <= as_of_date + 91

)

select * from final;
