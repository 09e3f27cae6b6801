-- grain:  organization x supplier invoice
-- key:    organization_id, document_key
-- inputs: landing.document
-- why:    amounts are texts, in the invoice's currency; the list's flag is Cancel, the single
--         record's Cancelled
create view staging.fortnox_supplierinvoices with (security_invoker = true) as
with

living as (

    select
        organization_id,
        document_key,
        list_record,
        detail_record
    from landing.document
    where
        resource = 'supplierinvoices'
        and deleted_at is null
        and list_record ->> 'GivenNumber' <> ''

),

-- a single record is unpacked once, however many fields are read of it
unpacked as (

    select
        living.organization_id,
        living.document_key,
        living.list_record,
        detail.detail_record
    from living
    left join lateral jsonb_path_query(living.detail_record, '$') as detail (detail_record)
        on true

),

typed as (

    select
        organization_id,
        document_key,
        list_record,
        detail_record,
        staging.as_integer(detail_record ->> 'VoucherYear') as financial_year_id,
        staging.as_date(list_record ->> 'InvoiceDate') as invoice_date,
        staging.as_date(list_record ->> 'DueDate') as due_date,
        staging.as_date(list_record ->> 'FinalPayDate') as final_pay_date,
        staging.as_boolean(list_record ->> 'Booked') as is_booked,
        staging.as_boolean(
            coalesce(list_record ->> 'Cancel', list_record ->> 'Cancelled')
        ) as is_cancelled,
        staging.as_boolean(list_record ->> 'Credit') as is_credit,
        staging.as_boolean(detail_record ->> 'PaymentPending') as is_payment_pending,
        staging.as_boolean(detail_record ->> 'DisablePaymentFile') as is_payment_file_disabled,
        staging.as_numeric(list_record -> 'Total') as total_amount_currency,
        staging.as_numeric(list_record -> 'Balance') as balance_amount_currency,
        staging.as_numeric(list_record -> 'CurrencyRate') as currency_rate,
        staging.as_numeric(list_record -> 'CurrencyUnit') as currency_unit,
        staging.as_numeric(detail_record -> 'VAT') as vat_amount_currency,
        staging.as_numeric(detail_record -> 'Freight') as freight_amount_currency,
        staging.as_numeric(detail_record -> 'AdministrationFee') as fee_amount_currency,
        staging.as_numeric(detail_record -> 'RoundOffValue') as rounding_amount_currency
    from unpacked

)

select
    organization_id,
    document_key,
    list_record ->> 'GivenNumber' as supplier_invoice_number,
    nullif(list_record ->> 'InvoiceNumber', '') as invoice_number,
    nullif(list_record ->> 'SupplierNumber', '') as supplier_number,
    nullif(list_record ->> 'SupplierName', '') as supplier_name,
    nullif(list_record ->> 'Currency', '') as currency,
    nullif(list_record ->> 'CostCenter', '') as cost_center_number,
    nullif(list_record ->> 'Project', '') as project_number,
    nullif(list_record ->> 'ExternalInvoiceNumber', '') as external_invoice_number,
    nullif(list_record ->> 'ExternalInvoiceSeries', '') as external_invoice_series,
    nullif(detail_record ->> 'AccountingMethod', '') as accounting_method,
    nullif(detail_record ->> 'OCR', '') as ocr,
    nullif(detail_record ->> 'OurReference', '') as our_reference,
    nullif(detail_record ->> 'YourReference', '') as your_reference,
    nullif(detail_record ->> 'SalesType', '') as sales_type,
    nullif(detail_record ->> 'VATType', '') as vat_type,
    staging.as_reference(detail_record ->> 'CreditReference') as credit_invoice_number,
    financial_year_id,
    nullif(detail_record ->> 'VoucherSeries', '') as voucher_series,
    nullif(detail_record ->> 'VoucherNumber', '') as voucher_number,
    invoice_date,
    due_date,
    final_pay_date,
    is_booked,
    is_cancelled,
    is_credit,
    is_payment_pending,
    is_payment_file_disabled,
    detail_record is not null as has_detail,
    total_amount_currency,
    balance_amount_currency,
    currency_rate,
    currency_unit,
    vat_amount_currency,
    freight_amount_currency,
    fee_amount_currency,
    rounding_amount_currency,
    staging.uncastable_fields(
        array[
            'VoucherYear', staging.uncastable(
                detail_record ->> 'VoucherYear', financial_year_id is null
            ),
            'InvoiceDate', staging.uncastable(list_record ->> 'InvoiceDate', invoice_date is null),
            'DueDate', staging.uncastable(list_record ->> 'DueDate', due_date is null),
            'FinalPayDate', staging.uncastable(
                list_record ->> 'FinalPayDate', final_pay_date is null
            ),
            'Booked', staging.uncastable(list_record ->> 'Booked', is_booked is null),
            'Cancelled', staging.uncastable(
                coalesce(list_record ->> 'Cancel', list_record ->> 'Cancelled'),
                is_cancelled is null
            ),
            'Credit', staging.uncastable(list_record ->> 'Credit', is_credit is null),
            'PaymentPending', staging.uncastable(
                detail_record ->> 'PaymentPending', is_payment_pending is null
            ),
            'DisablePaymentFile', staging.uncastable(
                detail_record ->> 'DisablePaymentFile', is_payment_file_disabled is null
            ),
            'Total', staging.uncastable(list_record ->> 'Total', total_amount_currency is null),
            'Balance', staging.uncastable(
                list_record ->> 'Balance', balance_amount_currency is null
            ),
            'CurrencyRate', staging.uncastable(
                list_record ->> 'CurrencyRate', currency_rate is null
            ),
            'CurrencyUnit', staging.uncastable(
                list_record ->> 'CurrencyUnit', currency_unit is null
            ),
            'VAT', staging.uncastable(detail_record ->> 'VAT', vat_amount_currency is null),
            'Freight', staging.uncastable(
                detail_record ->> 'Freight', freight_amount_currency is null
            ),
            'AdministrationFee', staging.uncastable(
                detail_record ->> 'AdministrationFee', fee_amount_currency is null
            ),
            'RoundOffValue', staging.uncastable(
                detail_record ->> 'RoundOffValue', rounding_amount_currency is null
            )
        ]
    ) as uncastable
from typed;
