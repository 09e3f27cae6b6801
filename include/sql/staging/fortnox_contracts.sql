-- grain:  organization x contract
-- key:    organization_id, document_key
-- inputs: landing.document
-- why:    the list spells Invoiceinterval, the single record InvoiceInterval and VatIncluded;
--         amounts are in the contract's currency
create view staging.fortnox_contracts with (security_invoker = true) as
with

living as (

    select
        organization_id,
        document_key,
        list_record,
        detail_record
    from landing.document
    where
        resource = 'contracts'
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
        staging.as_integer(list_record ->> 'ContractLength') as contract_length,
        staging.as_integer(
            coalesce(list_record ->> 'Invoiceinterval', list_record ->> 'InvoiceInterval')
        ) as invoice_interval,
        staging.as_integer(list_record ->> 'InvoicesRemaining') as invoices_remaining,
        staging.as_date(list_record ->> 'PeriodStart') as period_start_date,
        staging.as_date(list_record ->> 'PeriodEnd') as period_end_date,
        staging.as_date(list_record ->> 'LastInvoiceDate') as last_invoice_date,
        staging.as_date(detail_record ->> 'ContractDate') as contract_date,
        staging.as_boolean(list_record ->> 'Continuous') as is_continuous,
        staging.as_boolean(detail_record ->> 'Active') as is_active,
        staging.as_boolean(detail_record ->> 'VatIncluded') as is_vat_included,
        staging.as_boolean(detail_record ->> 'HouseWork') as is_housework,
        staging.as_numeric(list_record -> 'Total') as total_amount_currency,
        staging.as_numeric(detail_record -> 'Net') as net_amount_currency,
        staging.as_numeric(detail_record -> 'Gross') as gross_amount_currency,
        staging.as_numeric(detail_record -> 'TotalVAT') as vat_amount_currency,
        staging.as_numeric(detail_record -> 'TotalToPay') as to_pay_amount_currency,
        staging.as_numeric(detail_record -> 'RoundOff') as rounding_amount_currency,
        staging.as_numeric(detail_record -> 'Freight') as freight_amount_currency,
        staging.as_numeric(detail_record -> 'AdministrationFee') as fee_amount_currency,
        staging.as_numeric(detail_record -> 'ContributionValue') as contribution_amount_currency,
        staging.as_numeric(detail_record -> 'ContributionPercent') as contribution_percent,
        staging.as_numeric(detail_record -> 'TaxReduction') as tax_reduction_amount_currency
    from unpacked

)

select
    organization_id,
    document_key,
    list_record ->> 'DocumentNumber' as contract_number,
    nullif(list_record ->> 'CustomerNumber', '') as customer_number,
    nullif(list_record ->> 'CustomerName', '') as customer_name,
    staging.as_reference(list_record ->> 'TemplateNumber') as template_number,
    nullif(list_record ->> 'Status', '') as status,
    nullif(list_record ->> 'Currency', '') as currency,
    contract_length,
    invoice_interval,
    invoices_remaining,
    nullif(detail_record ->> 'CostCenter', '') as cost_center_number,
    nullif(detail_record ->> 'Project', '') as project_number,
    nullif(detail_record ->> 'OurReference', '') as our_reference,
    nullif(detail_record ->> 'YourReference', '') as your_reference,
    nullif(detail_record ->> 'YourOrderNumber', '') as your_order_number,
    nullif(detail_record ->> 'PriceList', '') as price_list_code,
    nullif(detail_record ->> 'TermsOfPayment', '') as terms_of_payment_code,
    nullif(detail_record ->> 'TermsOfDelivery', '') as terms_of_delivery_code,
    nullif(detail_record ->> 'WayOfDelivery', '') as way_of_delivery_code,
    nullif(detail_record ->> 'TaxReductionType', '') as tax_reduction_type,
    period_start_date,
    period_end_date,
    last_invoice_date,
    contract_date,
    is_continuous,
    is_active,
    is_vat_included,
    is_housework,
    detail_record is not null as has_detail,
    total_amount_currency,
    net_amount_currency,
    gross_amount_currency,
    vat_amount_currency,
    to_pay_amount_currency,
    rounding_amount_currency,
    freight_amount_currency,
    fee_amount_currency,
    contribution_amount_currency,
    contribution_percent,
    tax_reduction_amount_currency,
    staging.uncastable_fields(
        array[
            'ContractLength', staging.uncastable(
                list_record ->> 'ContractLength', contract_length is null
            ),
            'InvoiceInterval', staging.uncastable(
                coalesce(list_record ->> 'Invoiceinterval', list_record ->> 'InvoiceInterval'),
                invoice_interval is null
            ),
            'InvoicesRemaining', staging.uncastable(
                list_record ->> 'InvoicesRemaining', invoices_remaining is null
            ),
            'PeriodStart', staging.uncastable(
                list_record ->> 'PeriodStart', period_start_date is null
            ),
            'PeriodEnd', staging.uncastable(list_record ->> 'PeriodEnd', period_end_date is null),
            'LastInvoiceDate', staging.uncastable(
                list_record ->> 'LastInvoiceDate', last_invoice_date is null
            ),
            'ContractDate', staging.uncastable(
                detail_record ->> 'ContractDate', contract_date is null
            ),
            'Continuous', staging.uncastable(list_record ->> 'Continuous', is_continuous is null),
            'Active', staging.uncastable(detail_record ->> 'Active', is_active is null),
            'VatIncluded', staging.uncastable(
                detail_record ->> 'VatIncluded', is_vat_included is null
            ),
            'HouseWork', staging.uncastable(detail_record ->> 'HouseWork', is_housework is null),
            'Total', staging.uncastable(list_record ->> 'Total', total_amount_currency is null),
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
            'AdministrationFee', staging.uncastable(
                detail_record ->> 'AdministrationFee', fee_amount_currency is null
            ),
            'ContributionValue', staging.uncastable(
                detail_record ->> 'ContributionValue', contribution_amount_currency is null
            ),
            'ContributionPercent', staging.uncastable(
                detail_record ->> 'ContributionPercent', contribution_percent is null
            ),
            'TaxReduction', staging.uncastable(
                detail_record ->> 'TaxReduction', tax_reduction_amount_currency is null
            )
        ]
    ) as uncastable
from typed;
