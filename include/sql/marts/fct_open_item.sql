-- grain:  organization x side x day (each end of a fiscal period until today, and today) x invoice
--         open at the end of it
-- key:    organization_id, side, as_of_date, invoice_number
-- inputs: fct_subledger_movement, dim_fiscal_period, as_of, mart.dim_ageing_bucket
-- why:    rebuilt from what happened, never from today's balance, so a month that has ended does
--         not change when an invoice is paid later. Only the rows of today (is_today) know the day
create table mart.fct_open_item (
    organization_id bigint not null,
    side text not null,
    as_of_date date not null,
    invoice_number text not null,
    customer_key bigint not null,
    supplier_key bigint not null,
    ageing_bucket_key int not null,
    date_key int not null,
    currency text not null,
    invoice_date date not null,
    due_date date not null,
    is_today boolean not null,
    is_period_end boolean not null,
    days_overdue int not null,
    open_amount numeric(18, 2) not null,
    open_amount_currency numeric(18, 2) not null,
    primary key (organization_id, side, as_of_date, invoice_number)
);

insert into mart.fct_open_item (
    organization_id, side, as_of_date, invoice_number, customer_key, supplier_key,
    ageing_bucket_key, date_key, currency, invoice_date, due_date, is_today, is_period_end,
    days_overdue, open_amount, open_amount_currency
)
with

reported_day as (

    select
        today.organization_id,
        today.as_of_date as reported_date,
        true as is_today,
        bool_or(fiscal_period.end_date = today.as_of_date) is true as is_period_end
    from mart.as_of as today
    left join mart.dim_fiscal_period as fiscal_period
        on
            today.organization_id = fiscal_period.organization_id
            and today.as_of_date = fiscal_period.end_date
    where today.as_of_date is not null
    group by today.organization_id, today.as_of_date
    union all
    select
        fiscal_period.organization_id,
        fiscal_period.end_date as reported_date,
        false as is_today,
        true as is_period_end
    from mart.dim_fiscal_period as fiscal_period
    inner join mart.as_of as today
        on
            fiscal_period.organization_id = today.organization_id
            and fiscal_period.end_date < today.as_of_date
    group by fiscal_period.organization_id, fiscal_period.end_date

),

-- what was open from a movement on until the next one
state as (

    select
        organization_id,
        side,
        invoice_number,
        customer_key,
        supplier_key,
        currency,
        invoice_date,
        due_date,
        movement_date as from_date,
        coalesce(lead(movement_date) over of_invoice, 'infinity') as until_date,
        sum(amount) over of_invoice as open_amount,
        sum(amount_currency) over of_invoice as open_amount_currency
    from mart.fct_subledger_movement
    window of_invoice as (
        partition by organization_id, side, invoice_number
        order by movement_number
    )

),

open_state as (

    select
        state.organization_id,
        state.side,
        state.invoice_number,
        state.customer_key,
        state.supplier_key,
        state.currency,
        state.invoice_date,
        state.due_date,
        state.open_amount,
        state.open_amount_currency,
        reported_day.reported_date,
        reported_day.is_today,
        reported_day.is_period_end,
        state.open_amount < 0 as is_credit,
        reported_day.reported_date - state.due_date as days_overdue
    from state
    inner join reported_day
        on
            state.organization_id = reported_day.organization_id
            and state.from_date <= reported_day.reported_date
            and state.until_date > reported_day.reported_date
    where
        state.open_amount <> 0
        or state.open_amount_currency <> 0

),

final as (

    select
        -- keys
        open_state.organization_id,
        open_state.side,
        open_state.reported_date as as_of_date,
        open_state.invoice_number,
        open_state.customer_key,
        open_state.supplier_key,
        bucket.ageing_bucket_key,
        to_char(open_state.reported_date, 'YYYYMMDD')::int as date_key,

        -- dimensions
        open_state.currency,

        -- dates
        open_state.invoice_date,
        open_state.due_date,

        -- flags
        open_state.is_today,
        open_state.is_period_end,

        -- measures
        open_state.days_overdue,
        open_state.open_amount,
        open_state.open_amount_currency
    from open_state
    inner join mart.dim_ageing_bucket as bucket
        on
            open_state.is_credit = bucket.is_credit
            and open_state.days_overdue between bucket.days_from and bucket.days_to

)

select * from final;
