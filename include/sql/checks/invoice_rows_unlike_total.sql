-- severity: warn
-- inputs:   mart.fct_sales_row, staging.fortnox_invoices
-- why:      an invoice's rows, freight and fee do not come to its total without VAT and rounding; a
--           krona an invoice is let be, since prices with VAT are rounded row by row
with

sold as (

    select
        organization_id,
        invoice_number,
        sum(net_amount_currency) as net_amount_currency
    from mart.fct_sales_row
    group by organization_id, invoice_number

)

select
    invoice.organization_id,
    'rows of an invoice are not its total' as reason,
    jsonb_build_object(
        'invoice', invoice.invoice_number,
        'total_without_vat',
        invoice.total_amount_currency - invoice.vat_amount_currency
        - invoice.rounding_amount_currency,
        'rows', coalesce(sold.net_amount_currency, 0)
    ) as detail
from staging.fortnox_invoices as invoice
left join sold
    on
        invoice.organization_id = sold.organization_id
        and invoice.invoice_number = sold.invoice_number
where
    invoice.is_booked
    and invoice.is_cancelled is not true
    and invoice.has_detail
    and abs(
        invoice.total_amount_currency - invoice.vat_amount_currency
        - invoice.rounding_amount_currency - coalesce(sold.net_amount_currency, 0)
    ) > 1;
