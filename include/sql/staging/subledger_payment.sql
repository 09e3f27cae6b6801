-- grain:  organization x side (receivable, payable) x booked payment of an invoice
-- key:    organization_id, side, payment_number
-- inputs: staging.fortnox_invoicepayments, staging.fortnox_supplierinvoicepayments
-- why:    amount is what was paid in SEK; in the invoice's currency it is that by the payment's
--         rate
create view staging.subledger_payment with (security_invoker = true) as
with

either_side as (

    select
        organization_id,
        'receivable' as side,
        payment_number,
        invoice_number,
        payment_date,
        is_booked,
        has_write_off,
        amount,
        currency_rate,
        currency_unit
    from staging.fortnox_invoicepayments
    union all
    select
        organization_id,
        'payable' as side,
        payment_number,
        invoice_number,
        payment_date,
        is_booked,
        has_write_off,
        amount,
        currency_rate,
        currency_unit
    from staging.fortnox_supplierinvoicepayments

)

select
    organization_id,
    side,
    payment_number,
    invoice_number,
    payment_date,
    coalesce(has_write_off, false) as has_write_off,
    amount,
    round(
        amount / case
            when
                currency_rate / coalesce(nullif(currency_unit, 0), 1) between 0.0001 and 10000
                then currency_rate / coalesce(nullif(currency_unit, 0), 1)
            else 1
        end,
        2
    ) as amount_currency
from either_side
where
    is_booked is not false
    and payment_date is not null
    and amount is not null;
