-- grain:  organization x payment of a customer invoice
-- key:    organization_id, document_key
-- inputs: landing.document
create view staging.fortnox_invoicepayments with (security_invoker = true) as
with

typed as (

    select
        organization_id,
        document_key,
        list_record,
        staging.as_date(list_record ->> 'PaymentDate') as payment_date,
        staging.as_boolean(list_record ->> 'Booked') as is_booked,
        staging.as_boolean(list_record ->> 'WriteOffExist') as has_write_off,
        staging.as_numeric(list_record -> 'Amount') as amount,
        staging.as_numeric(list_record -> 'CurrencyRate') as currency_rate,
        staging.as_numeric(list_record -> 'CurrencyUnit') as currency_unit
    from landing.document
    where
        resource = 'invoicepayments'
        and deleted_at is null
        and list_record ->> 'Number' <> ''

)

select
    organization_id,
    document_key,
    list_record ->> 'Number' as payment_number,
    nullif(list_record ->> 'InvoiceNumber', '') as invoice_number,
    nullif(list_record ->> 'Currency', '') as currency,
    nullif(list_record ->> 'Source', '') as payment_source,
    payment_date,
    is_booked,
    has_write_off,
    amount,
    currency_rate,
    currency_unit,
    staging.uncastable_fields(
        array[
            'PaymentDate', staging.uncastable(list_record ->> 'PaymentDate', payment_date is null),
            'Booked', staging.uncastable(list_record ->> 'Booked', is_booked is null),
            'WriteOffExist', staging.uncastable(
                list_record ->> 'WriteOffExist', has_write_off is null
            ),
            'Amount', staging.uncastable(list_record ->> 'Amount', amount is null),
            'CurrencyRate', staging.uncastable(
                list_record ->> 'CurrencyRate', currency_rate is null
            ),
            'CurrencyUnit', staging.uncastable(
                list_record ->> 'CurrencyUnit', currency_unit is null
            )
        ]
    ) as uncastable
from typed;
