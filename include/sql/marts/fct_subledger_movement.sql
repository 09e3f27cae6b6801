-- grain:  organization x side (receivable, payable) x invoice x movement of it, in order
-- key:    organization_id, side, invoice_number, movement_number
-- inputs: staging.subledger_invoice, staging.subledger_payment, dim_customer, dim_supplier
-- why:    what made and unmade each claim and debt, so that what was open is known of any day. A
--         claim and a debt are positive, what settles them negative; amount is SEK at the
--         invoice's rate, and a payment's difference to it a movement of its own. What Fortnox
--         calls settled without a payment was written off, or else settled in another way
create table mart.fct_subledger_movement (
    organization_id bigint not null,
    side text not null check (side in ('receivable', 'payable')),
    invoice_number text not null,
    movement_number int not null,
    customer_key bigint not null,
    supplier_key bigint not null,
    date_key int not null,
    payment_number text,
    movement_kind text not null check (
        movement_kind in (
            'invoiced', 'credited', 'matched', 'paid', 'currency_difference', 'written_off',
            'settled'
        )
    ),
    currency text not null,
    movement_date date not null,
    invoice_date date not null,
    due_date date not null,
    amount numeric(18, 2) not null,
    amount_currency numeric(18, 2) not null,
    days_late int,
    days_to_pay int,
    primary key (organization_id, side, invoice_number, movement_number)
);

insert into mart.fct_subledger_movement (
    organization_id, side, invoice_number, movement_number, customer_key, supplier_key, date_key,
    payment_number, movement_kind, currency, movement_date, invoice_date, due_date, amount,
    amount_currency, days_late, days_to_pay
)
with

invoice as materialized (

    select
        organization_id,
        side,
        invoice_number,
        party_number,
        currency,
        credited_invoice_number,
        invoice_date,
        due_date,
        final_pay_date,
        rate,
        total_amount_currency,
        balance_amount_currency
    from staging.subledger_invoice

),

payment as materialized (

    select
        payment.organization_id,
        payment.side,
        payment.invoice_number,
        payment.payment_number,
        payment.payment_date,
        payment.has_write_off,
        payment.amount,
        payment.amount_currency
    from staging.subledger_payment as payment
    inner join invoice
        on
            payment.organization_id = invoice.organization_id
            and payment.side = invoice.side
            and payment.invoice_number = invoice.invoice_number

),

paid_invoice as (

    select
        organization_id,
        side,
        invoice_number,
        bool_or(has_write_off) as has_write_off,
        max(payment_date) as last_payment_date,
        (
            array_agg(payment_number order by payment_date desc, payment_number desc)
        )[1] as last_payment_number,
        sum(amount_currency) as paid_amount_currency
    from payment
    group by organization_id, side, invoice_number

),

-- how much of the invoice is left for each of its credit invoices to settle, oldest first
credit as (

    select
        credit_invoice.organization_id,
        credit_invoice.side,
        credit_invoice.invoice_number as credit_invoice_number,
        invoice.invoice_number,
        greatest(credit_invoice.invoice_date, invoice.invoice_date) as match_date,
        greatest(
            invoice.total_amount_currency - coalesce(paid_invoice.paid_amount_currency, 0), 0
        ) as left_amount_currency,
        -credit_invoice.total_amount_currency as credit_amount_currency,
        sum(-credit_invoice.total_amount_currency) over (
            partition by
                invoice.organization_id,
                invoice.side,
                invoice.invoice_number
            order by credit_invoice.invoice_date, credit_invoice.invoice_number
            rows between unbounded preceding and current row
        ) as credited_to_date_amount_currency
    from invoice as credit_invoice
    inner join invoice
        on
            credit_invoice.organization_id = invoice.organization_id
            and credit_invoice.side = invoice.side
            and credit_invoice.credited_invoice_number = invoice.invoice_number
            and credit_invoice.currency = invoice.currency
    left join paid_invoice
        on
            invoice.organization_id = paid_invoice.organization_id
            and invoice.side = paid_invoice.side
            and invoice.invoice_number = paid_invoice.invoice_number

),

matched as (

    select
        organization_id,
        side,
        credit_invoice_number,
        invoice_number,
        match_date,
        least(credited_to_date_amount_currency, left_amount_currency)
        - least(
            credited_to_date_amount_currency - credit_amount_currency, left_amount_currency
        ) as matched_amount_currency
    from credit

),

event as (

    select
        organization_id,
        side,
        invoice_number,
        null as payment_number,
        case when total_amount_currency < 0 then 'credited' else 'invoiced' end as event_kind,
        invoice_date as event_date,
        1 as event_order,
        total_amount_currency as amount_currency,
        null::numeric as paid_amount
    from invoice
    union all
    select
        organization_id,
        side,
        invoice_number,
        null as payment_number,
        'matched' as event_kind,
        match_date as event_date,
        2 as event_order,
        -matched_amount_currency as amount_currency,
        null::numeric as paid_amount
    from matched
    where matched_amount_currency <> 0
    union all
    select
        organization_id,
        side,
        credit_invoice_number as invoice_number,
        null as payment_number,
        'matched' as event_kind,
        match_date as event_date,
        2 as event_order,
        matched_amount_currency as amount_currency,
        null::numeric as paid_amount
    from matched
    where matched_amount_currency <> 0
    union all
    select
        organization_id,
        side,
        invoice_number,
        payment_number,
        'paid' as event_kind,
        payment_date as event_date,
        3 as event_order,
        -amount_currency as amount_currency,
        amount as paid_amount
    from payment

),

left_of_invoice as (

    select
        organization_id,
        side,
        invoice_number,
        max(event_date) as last_event_date,
        sum(amount_currency) as left_amount_currency
    from event
    group by organization_id, side, invoice_number

),

complete_event as (

    select
        organization_id,
        side,
        invoice_number,
        payment_number,
        event_kind,
        event_date,
        event_order,
        amount_currency,
        paid_amount
    from event
    union all
    -- Fortnox calls it settled, and the events above leave something
    select
        invoice.organization_id,
        invoice.side,
        invoice.invoice_number,
        paid_invoice.last_payment_number as payment_number,
        case
            when paid_invoice.has_write_off then 'written_off'
            when
                invoice.currency <> 'SEK' and abs(left_of_invoice.left_amount_currency) < 1
                then 'currency_difference'
            else 'settled'
        end as event_kind,
        coalesce(
            invoice.final_pay_date, paid_invoice.last_payment_date, left_of_invoice.last_event_date
        ) as event_date,
        4 as event_order,
        -left_of_invoice.left_amount_currency as amount_currency,
        null::numeric as paid_amount
    from invoice
    inner join left_of_invoice
        on
            invoice.organization_id = left_of_invoice.organization_id
            and invoice.side = left_of_invoice.side
            and invoice.invoice_number = left_of_invoice.invoice_number
    left join paid_invoice
        on
            invoice.organization_id = paid_invoice.organization_id
            and invoice.side = paid_invoice.side
            and invoice.invoice_number = paid_invoice.invoice_number
    where
        invoice.balance_amount_currency = 0
        and left_of_invoice.left_amount_currency <> 0

),

-- in SEK an event is what it changes the open amount by, so that cents never remain
valued as (

    select
        complete_event.organization_id,
        complete_event.side,
        complete_event.invoice_number,
        complete_event.payment_number,
        complete_event.event_kind,
        complete_event.event_date,
        complete_event.event_order,
        complete_event.amount_currency,
        complete_event.paid_amount,
        invoice.party_number,
        invoice.currency,
        invoice.invoice_date,
        invoice.due_date,
        round(sum(complete_event.amount_currency) over to_date * invoice.rate, 2)
        - round(
            (
                sum(complete_event.amount_currency) over to_date
                - complete_event.amount_currency
            ) * invoice.rate,
            2
        ) as amount
    from complete_event
    inner join invoice
        on
            complete_event.organization_id = invoice.organization_id
            and complete_event.side = invoice.side
            and complete_event.invoice_number = invoice.invoice_number
    window to_date as (
        partition by
            complete_event.organization_id,
            complete_event.side,
            complete_event.invoice_number
        order by
            complete_event.event_date,
            complete_event.event_order,
            complete_event.payment_number,
            complete_event.amount_currency
        rows between unbounded preceding and current row
    )

),

movement as (

    select
        organization_id,
        side,
        invoice_number,
        payment_number,
        event_kind as movement_kind,
        event_date as movement_date,
        event_order,
        party_number,
        currency,
        invoice_date,
        due_date,
        coalesce(-paid_amount, amount) as amount,
        amount_currency
    from valued
    union all
    select
        organization_id,
        side,
        invoice_number,
        payment_number,
        'currency_difference' as movement_kind,
        event_date as movement_date,
        event_order,
        party_number,
        currency,
        invoice_date,
        due_date,
        amount + paid_amount as amount,
        0 as amount_currency
    from valued
    where amount + paid_amount <> 0

),

final as (

    select
        -- keys
        movement.organization_id,
        movement.side,
        movement.invoice_number,
        row_number() over (
            partition by movement.organization_id, movement.side, movement.invoice_number
            order by
                movement.movement_date asc,
                movement.event_order asc,
                movement.payment_number asc,
                movement.movement_kind desc,
                movement.amount_currency asc
        ) as movement_number,
        coalesce(
            customer.customer_key, control.member_key(movement.organization_id, 0)
        ) as customer_key,
        coalesce(
            supplier.supplier_key, control.member_key(movement.organization_id, 0)
        ) as supplier_key,
        to_char(movement.movement_date, 'YYYYMMDD')::int as date_key,

        -- dimensions
        movement.payment_number,
        movement.movement_kind,
        movement.currency,

        -- dates
        movement.movement_date,
        movement.invoice_date,
        movement.due_date,

        -- measures
        movement.amount,
        movement.amount_currency,
        case
            when movement.movement_kind = 'paid' then movement.movement_date - movement.due_date
        end as days_late,
        case
            when movement.movement_kind = 'paid'
                then movement.movement_date - movement.invoice_date
        end as days_to_pay
    from movement
    left join mart.dim_customer as customer
        on
            movement.organization_id = customer.organization_id
            and movement.party_number = customer.customer_number
            and movement.side = 'receivable'
    left join mart.dim_supplier as supplier
        on
            movement.organization_id = supplier.organization_id
            and movement.party_number = supplier.supplier_number
            and movement.side = 'payable'

)

select * from final;
