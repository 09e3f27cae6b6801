-- grain:  organization x order
-- key:    organization_id, document_key
-- inputs: landing.document
-- why:    amounts are in the order's currency; 0 as a reference means none
create view staging.fortnox_orders with (security_invoker = true) as
with

living as (

    select
        organization_id,
        document_key,
        list_record,
        detail_record
    from landing.document
    where
        resource = 'orders'
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
        staging.as_date(list_record ->> 'OrderDate') as order_date,
        staging.as_date(list_record ->> 'DeliveryDate') as delivery_date,
        staging.as_date(detail_record ->> 'OutboundDate') as outbound_date,
        staging.as_boolean(list_record ->> 'Cancelled') as is_cancelled,
        staging.as_boolean(list_record ->> 'Sent') as is_sent,
        staging.as_boolean(detail_record ->> 'NotCompleted') as is_not_completed,
        staging.as_boolean(detail_record ->> 'VATIncluded') as is_vat_included,
        staging.as_boolean(detail_record ->> 'HouseWork') as is_housework,
        staging.as_boolean(detail_record ->> 'WarehouseReady') as is_warehouse_ready,
        staging.as_numeric(list_record -> 'Total') as total_amount_currency,
        staging.as_numeric(detail_record -> 'CurrencyRate') as currency_rate,
        staging.as_numeric(detail_record -> 'CurrencyUnit') as currency_unit,
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
    list_record ->> 'DocumentNumber' as order_number,
    nullif(list_record ->> 'CustomerNumber', '') as customer_number,
    nullif(list_record ->> 'CustomerName', '') as customer_name,
    nullif(list_record ->> 'OrderType', '') as order_type,
    nullif(list_record ->> 'Currency', '') as currency,
    nullif(list_record ->> 'Project', '') as project_number,
    nullif(list_record ->> 'ExternalInvoiceReference1', '') as external_reference_1,
    nullif(list_record ->> 'ExternalInvoiceReference2', '') as external_reference_2,
    nullif(detail_record ->> 'CostCenter', '') as cost_center_number,
    nullif(detail_record ->> 'Country', '') as country,
    nullif(detail_record ->> 'DeliveryState', '') as delivery_state,
    nullif(detail_record ->> 'OurReference', '') as our_reference,
    nullif(detail_record ->> 'YourReference', '') as your_reference,
    nullif(detail_record ->> 'YourOrderNumber', '') as your_order_number,
    nullif(detail_record ->> 'PriceList', '') as price_list_code,
    nullif(detail_record ->> 'TermsOfPayment', '') as terms_of_payment_code,
    nullif(detail_record ->> 'TermsOfDelivery', '') as terms_of_delivery_code,
    nullif(detail_record ->> 'WayOfDelivery', '') as way_of_delivery_code,
    nullif(detail_record ->> 'TaxReductionType', '') as tax_reduction_type,
    staging.as_reference(detail_record ->> 'InvoiceReference') as invoice_number,
    staging.as_reference(detail_record ->> 'OfferReference') as offer_number,
    order_date,
    delivery_date,
    outbound_date,
    is_cancelled,
    is_sent,
    is_not_completed,
    is_vat_included,
    is_housework,
    is_warehouse_ready,
    detail_record is not null as has_detail,
    total_amount_currency,
    currency_rate,
    currency_unit,
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
            'OrderDate', staging.uncastable(list_record ->> 'OrderDate', order_date is null),
            'DeliveryDate', staging.uncastable(
                list_record ->> 'DeliveryDate', delivery_date is null
            ),
            'OutboundDate', staging.uncastable(
                detail_record ->> 'OutboundDate', outbound_date is null
            ),
            'Cancelled', staging.uncastable(list_record ->> 'Cancelled', is_cancelled is null),
            'Sent', staging.uncastable(list_record ->> 'Sent', is_sent is null),
            'NotCompleted', staging.uncastable(
                detail_record ->> 'NotCompleted', is_not_completed is null
            ),
            'VATIncluded', staging.uncastable(
                detail_record ->> 'VATIncluded', is_vat_included is null
            ),
            'HouseWork', staging.uncastable(detail_record ->> 'HouseWork', is_housework is null),
            'WarehouseReady', staging.uncastable(
                detail_record ->> 'WarehouseReady', is_warehouse_ready is null
            ),
            'Total', staging.uncastable(list_record ->> 'Total', total_amount_currency is null),
            'CurrencyRate', staging.uncastable(
                detail_record ->> 'CurrencyRate', currency_rate is null
            ),
            'CurrencyUnit', staging.uncastable(
                detail_record ->> 'CurrencyUnit', currency_unit is null
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
