-- grain:  organization x price list x article x quantity from which it holds
-- key:    organization_id, document_key
-- inputs: landing.document
create view staging.fortnox_prices with (security_invoker = true) as
with

typed as (

    select
        organization_id,
        document_key,
        list_record,
        staging.as_numeric(list_record -> 'FromQuantity') as from_quantity,
        staging.as_numeric(list_record -> 'Price') as price,
        staging.as_numeric(list_record -> 'Percent') as price_percent
    from landing.document
    where
        resource = 'prices'
        and deleted_at is null
        and list_record ->> 'ArticleNumber' <> ''

)

select
    organization_id,
    document_key,
    nullif(list_record ->> 'PriceList', '') as price_list_code,
    list_record ->> 'ArticleNumber' as article_number,
    from_quantity,
    price,
    price_percent,
    staging.uncastable_fields(
        array[
            'FromQuantity', staging.uncastable(
                list_record ->> 'FromQuantity', from_quantity is null
            ),
            'Price', staging.uncastable(list_record ->> 'Price', price is null),
            'Percent', staging.uncastable(list_record ->> 'Percent', price_percent is null)
        ]
    ) as uncastable
from typed;
