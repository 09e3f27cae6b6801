-- severity: warn
-- inputs:   mart.fct_subledger_movement, staging.subledger_invoice
-- why:      what is left of an invoice by its payments and credits is not what Fortnox says is
--           left: a payment is not booked yet, or is missing
with

left_of_invoice as (

    select
        organization_id,
        side,
        invoice_number,
        sum(amount_currency) as open_amount_currency
    from mart.fct_subledger_movement
    group by organization_id, side, invoice_number

)

select
    invoice.organization_id,
    'open amount is not what Fortnox says' as reason,
    jsonb_build_object(
        'side', invoice.side,
        'invoice', invoice.invoice_number,
        'currency', invoice.currency,
        'fortnox', invoice.balance_amount_currency,
        'computed', left_of_invoice.open_amount_currency
    ) as detail
from staging.subledger_invoice as invoice
left join left_of_invoice
    on
        invoice.organization_id = left_of_invoice.organization_id
        and invoice.side = left_of_invoice.side
        and invoice.invoice_number = left_of_invoice.invoice_number
where
    left_of_invoice.organization_id is null
    or abs(invoice.balance_amount_currency - left_of_invoice.open_amount_currency)
    > case when invoice.currency = 'SEK' then 0 else 0.05 end;
