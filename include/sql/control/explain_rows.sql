-- purpose: what a cell is made of, row by row, each with the document that its voucher came from
with

explained as (

    select
        organization_id,
        financial_year_key,
        account_key,
        voucher_series,
        voucher_number,
        voucher_ordinal,
        row_number,
        voucher_date,
        contribution_amount
    from mart.explain(
        control.current_organization_id(), %(statement)s, %(line)s, %(month)s
    )

)

select
    financial_year.financial_year_id,
    dim_account.account_label,
    explained.voucher_series,
    explained.voucher_number,
    explained.voucher_ordinal,
    explained.row_number,
    explained.voucher_date,
    explained.contribution_amount,
    coalesce(document.resource || ' ' || document.document_key, '') as document,
    document.changed_at
from explained
inner join mart.dim_financial_year as financial_year
    on
        explained.organization_id = financial_year.organization_id
        and explained.financial_year_key = financial_year.financial_year_key
inner join mart.dim_account as dim_account
    on
        explained.organization_id = dim_account.organization_id
        and explained.account_key = dim_account.account_key
left join staging.fortnox_vouchers as listed
    on
        explained.organization_id = listed.organization_id
        and financial_year.financial_year_id = listed.financial_year_id
        and explained.voucher_series = listed.voucher_series
        and explained.voucher_number = listed.voucher_number
left join landing.document as document
    on
        listed.organization_id = document.organization_id
        and listed.reference_number = document.document_key
        and document.resource = case listed.reference_type
            when 'INVOICE' then 'invoices'
            when 'CASHINVOICE' then 'invoices'
            when 'INVOICEPAYMENT' then 'invoicepayments'
            when 'SUPPLIERINVOICE' then 'supplierinvoices'
            when 'SUPPLIERPAYMENT' then 'supplierinvoicepayments'
        end
order by
    dim_account.account_label,
    explained.voucher_date nulls first,
    explained.voucher_series,
    explained.voucher_number,
    explained.row_number
