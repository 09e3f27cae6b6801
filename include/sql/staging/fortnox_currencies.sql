-- grain:  organization x currency
-- key:    organization_id, document_key
-- inputs: landing.document
-- why:    a rate is the price in SEK of so many of the currency as its unit says
create view staging.fortnox_currencies with (security_invoker = true) as
with

typed as (

    select
        organization_id,
        document_key,
        list_record,
        staging.as_date(list_record ->> 'Date') as rate_date,
        staging.as_boolean(list_record ->> 'IsAutomatic') as is_automatic,
        staging.as_numeric(list_record -> 'BuyRate') as buy_rate,
        staging.as_numeric(list_record -> 'SellRate') as sell_rate,
        staging.as_numeric(list_record -> 'Unit') as rate_unit
    from landing.document
    where
        resource = 'currencies'
        and deleted_at is null
        and list_record ->> 'Code' <> ''

)

select
    organization_id,
    document_key,
    list_record ->> 'Code' as currency,
    nullif(list_record ->> 'Description', '') as currency_name,
    rate_date,
    is_automatic,
    buy_rate,
    sell_rate,
    rate_unit,
    staging.uncastable_fields(
        array[
            'Date', staging.uncastable(list_record ->> 'Date', rate_date is null),
            'IsAutomatic', staging.uncastable(list_record ->> 'IsAutomatic', is_automatic is null),
            'BuyRate', staging.uncastable(list_record ->> 'BuyRate', buy_rate is null),
            'SellRate', staging.uncastable(list_record ->> 'SellRate', sell_rate is null),
            'Unit', staging.uncastable(list_record ->> 'Unit', rate_unit is null)
        ]
    ) as uncastable
from typed;
