-- grain:  organization x customer invoice
-- key:    organization_id, document_key
-- inputs: landing.document
-- why:    what both answers say is the list's, which is read more often; what the single record
--         alone says is empty until it is here (has_detail). Amounts are in the invoice's currency;
--         0 as a reference means none
create view staging.fortnox_invoices with (security_invoker = true) as
with

living as (

    select
        organization_id,
        document_key,
        list_record,
        detail_record
    from landing.document
    where
        resource = 'invoices'
        and deleted_at is null
        and list_record ->> 'DocumentNumber' <> ''

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
        staging.as_integer(list_record ->> 'VoucherYear') as financial_year_id,
        staging.as_integer(detail_record ->> 'Reminders') as reminder_count,
        staging.as_date(list_record ->> 'InvoiceDate') as invoice_date,
        staging.as_date(list_record ->> 'DueDate') as due_date,
        staging.as_date(list_record ->> 'FinalPayDate') as final_pay_date,
        staging.as_date(detail_record ->> 'DeliveryDate') as delivery_date,
        staging.as_date(detail_record ->> 'InvoicePeriodStart') as period_start_date,
        staging.as_date(detail_record ->> 'InvoicePeriodEnd') as period_end_date,
        staging.as_date(detail_record ->> 'LastRemindDate') as last_reminder_date,
        staging.as_date(detail_record ->> 'OutboundDate') as outbound_date,
        staging.as_boolean(list_record ->> 'Booked') as is_booked,
        staging.as_boolean(list_record ->> 'Cancelled') as is_cancelled,
        staging.as_boolean(list_record ->> 'Sent') as is_sent,
        staging.as_boolean(list_record ->> 'NoxFinans') as is_nox_finans,
        staging.as_boolean(detail_record ->> 'Credit') as is_credit,
        staging.as_boolean(detail_record ->> 'VATIncluded') as is_vat_included,
        staging.as_boolean(detail_record ->> 'NotCompleted') as is_not_completed,
        staging.as_boolean(detail_record ->> 'HouseWork') as is_housework,
        staging.as_boolean(detail_record ->> 'EUQuarterlyReport') as is_eu_quarterly_report,
        staging.as_numeric(list_record -> 'Total') as total_amount_currency,
        staging.as_numeric(list_record -> 'Balance') as balance_amount_currency,
        staging.as_numeric(list_record -> 'CurrencyRate') as currency_rate,
        staging.as_numeric(list_record -> 'CurrencyUnit') as currency_unit,
        staging.as_numeric(detail_record -> 'Net') as net_amount_currency,
        staging.as_numeric(detail_record -> 'Gross') as gross_amount_currency,
        staging.as_numeric(detail_record -> 'TotalVAT') as vat_amount_currency,
        staging.as_numeric(detail_record -> 'TotalToPay') as to_pay_amount_currency,
        staging.as_numeric(detail_record -> 'RoundOff') as rounding_amount_currency,
        staging.as_numeric(detail_record -> 'Freight') as freight_amount_currency,
        staging.as_numeric(detail_record -> 'FreightVAT') as freight_vat_amount_currency,
        staging.as_numeric(detail_record -> 'AdministrationFee') as fee_amount_currency,
        staging.as_numeric(detail_record -> 'AdministrationFeeVAT') as fee_vat_amount_currency,
        staging.as_numeric(detail_record -> 'ContributionValue') as contribution_amount_currency,
        staging.as_numeric(detail_record -> 'ContributionPercent') as contribution_percent,
        staging.as_numeric(
            detail_record -> 'BasisTaxReduction'
        ) as tax_reduction_basis_amount_currency,
        staging.as_numeric(detail_record -> 'TaxReduction') as tax_reduction_amount_currency
    from unpacked

)

select
    organization_id,
    document_key,
    list_record ->> 'DocumentNumber' as invoice_number,
    nullif(list_record ->> 'CustomerNumber', '') as customer_number,
    nullif(list_record ->> 'CustomerName', '') as customer_name,
    nullif(list_record ->> 'InvoiceType', '') as invoice_type,
    nullif(list_record ->> 'Currency', '') as currency,
    nullif(list_record ->> 'OCR', '') as ocr,
    nullif(list_record ->> 'CostCenter', '') as cost_center_number,
    nullif(list_record ->> 'Project', '') as project_number,
    nullif(list_record ->> 'TermsOfPayment', '') as terms_of_payment_code,
    nullif(list_record ->> 'WayOfDelivery', '') as way_of_delivery_code,
    nullif(list_record ->> 'ExternalInvoiceReference1', '') as external_reference_1,
    nullif(list_record ->> 'ExternalInvoiceReference2', '') as external_reference_2,
    financial_year_id,
    nullif(list_record ->> 'VoucherSeries', '') as voucher_series,
    nullif(list_record ->> 'VoucherNumber', '') as voucher_number,
    nullif(detail_record ->> 'AccountingMethod', '') as accounting_method,
    nullif(detail_record ->> 'Country', '') as country,
    nullif(detail_record ->> 'OrganisationNumber', '') as organization_number,
    nullif(detail_record ->> 'OurReference', '') as our_reference,
    nullif(detail_record ->> 'YourReference', '') as your_reference,
    nullif(detail_record ->> 'YourOrderNumber', '') as your_order_number,
    nullif(detail_record ->> 'PriceList', '') as price_list_code,
    nullif(detail_record ->> 'TermsOfDelivery', '') as terms_of_delivery_code,
    nullif(detail_record ->> 'TaxReductionType', '') as tax_reduction_type,
    staging.as_reference(detail_record ->> 'ContractReference') as contract_number,
    staging.as_reference(detail_record ->> 'OfferReference') as offer_number,
    staging.as_reference(detail_record ->> 'OrderReference') as order_number,
    staging.as_reference(detail_record ->> 'CreditInvoiceReference') as credit_invoice_number,
    nullif(detail_record ->> 'PaymentWay', '') as payment_way,
    reminder_count,
    invoice_date,
    due_date,
    final_pay_date,
    delivery_date,
    period_start_date,
    period_end_date,
    last_reminder_date,
    outbound_date,
    is_booked,
    is_cancelled,
    is_sent,
    is_nox_finans,
    is_credit,
    is_vat_included,
    is_not_completed,
    is_housework,
    is_eu_quarterly_report,
    detail_record is not null as has_detail,
    total_amount_currency,
    balance_amount_currency,
    currency_rate,
    currency_unit,
    net_amount_currency,
    gross_amount_currency,
    vat_amount_currency,
    to_pay_amount_currency,
    rounding_amount_currency,
    freight_amount_currency,
    freight_vat_amount_currency,
    fee_amount_currency,
    fee_vat_amount_currency,
    contribution_amount_currency,
    contribution_percent,
    tax_reduction_basis_amount_currency,
    tax_reduction_amount_currency,
    staging.uncastable_fields(
        array[
            'VoucherYear', staging.uncastable(
                list_record ->> 'VoucherYear', financial_year_id is null
            ),
            'Reminders', staging.uncastable(detail_record ->> 'Reminders', reminder_count is null),
            'InvoiceDate', staging.uncastable(list_record ->> 'InvoiceDate', invoice_date is null),
            'DueDate', staging.uncastable(list_record ->> 'DueDate', due_date is null),
            'FinalPayDate', staging.uncastable(
                list_record ->> 'FinalPayDate', final_pay_date is null
            ),
            'DeliveryDate', staging.uncastable(
                detail_record ->> 'DeliveryDate', delivery_date is null
            ),
            'InvoicePeriodStart', staging.uncastable(
                detail_record ->> 'InvoicePeriodStart', period_start_date is null
            ),
            'InvoicePeriodEnd', staging.uncastable(
                detail_record ->> 'InvoicePeriodEnd', period_end_date is null
            ),
            'LastRemindDate', staging.uncastable(
                detail_record ->> 'LastRemindDate', last_reminder_date is null
            ),
            'OutboundDate', staging.uncastable(
                detail_record ->> 'OutboundDate', outbound_date is null
            ),
            'Booked', staging.uncastable(list_record ->> 'Booked', is_booked is null),
            'Cancelled', staging.uncastable(list_record ->> 'Cancelled', is_cancelled is null),
            'Sent', staging.uncastable(list_record ->> 'Sent', is_sent is null),
            'NoxFinans', staging.uncastable(list_record ->> 'NoxFinans', is_nox_finans is null),
            'Credit', staging.uncastable(detail_record ->> 'Credit', is_credit is null),
            'VATIncluded', staging.uncastable(
                detail_record ->> 'VATIncluded', is_vat_included is null
            ),
            'NotCompleted', staging.uncastable(
                detail_record ->> 'NotCompleted', is_not_completed is null
            ),
            'HouseWork', staging.uncastable(detail_record ->> 'HouseWork', is_housework is null),
            'EUQuarterlyReport', staging.uncastable(
                detail_record ->> 'EUQuarterlyReport', is_eu_quarterly_report is null
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
            'Net', staging.uncastable(detail_record ->> 'Net', net_amount_currency is null),
            'Gross', staging.uncastable(detail_record ->> 'Gross', gross_amount_currency is null),
            'TotalVAT', staging.uncastable(
                detail_record ->> 'TotalVAT', vat_amount_currency is null
            ),
            'TotalToPay', staging.uncastable(
                detail_record ->> 'TotalToPay', to_pay_amount_currency is null
            ),
            'RoundOff', staging.uncastable(
                detail_record ->> 'RoundOff', rounding_amount_currency is null
            ),
            'Freight', staging.uncastable(
                detail_record ->> 'Freight', freight_amount_currency is null
            ),
            'FreightVAT', staging.uncastable(
                detail_record ->> 'FreightVAT', freight_vat_amount_currency is null
            ),
            'AdministrationFee', staging.uncastable(
                detail_record ->> 'AdministrationFee', fee_amount_currency is null
            ),
            'AdministrationFeeVAT', staging.uncastable(
                detail_record ->> 'AdministrationFeeVAT', fee_vat_amount_currency is null
            ),
            'ContributionValue', staging.uncastable(
                detail_record ->> 'ContributionValue', contribution_amount_currency is null
            ),
            'ContributionPercent', staging.uncastable(
                detail_record ->> 'ContributionPercent', contribution_percent is null
            ),
            'BasisTaxReduction', staging.uncastable(
                detail_record ->> 'BasisTaxReduction', tax_reduction_basis_amount_currency is null
            ),
            'TaxReduction', staging.uncastable(
                detail_record ->> 'TaxReduction', tax_reduction_amount_currency is null
            )
        ]
    ) as uncastable
from typed;
