-- grain:  organization x article
-- key:    organization_id, document_key
-- inputs: landing.document
-- why:    the list writes its numbers as texts; prices are in SEK
create view staging.fortnox_articles with (security_invoker = true) as
with

typed as (

    select
        organization_id,
        document_key,
        list_record,
        staging.as_boolean(list_record ->> 'Housework') as is_housework,
        staging.as_boolean(list_record ->> 'WebshopArticle') as is_webshop_article,
        staging.as_numeric(list_record -> 'VAT') as vat_percent,
        staging.as_numeric(list_record -> 'SalesPrice') as sales_price,
        staging.as_numeric(list_record -> 'PurchasePrice') as purchase_price,
        staging.as_numeric(list_record -> 'QuantityInStock') as quantity_in_stock,
        staging.as_numeric(list_record -> 'ReservedQuantity') as reserved_quantity,
        staging.as_numeric(list_record -> 'DisposableQuantity') as disposable_quantity,
        staging.as_numeric(list_record -> 'StockValue') as stock_value_amount
    from landing.document
    where
        resource = 'articles'
        and deleted_at is null
        and list_record ->> 'ArticleNumber' <> ''

)

select
    organization_id,
    document_key,
    list_record ->> 'ArticleNumber' as article_number,
    nullif(list_record ->> 'Description', '') as article_name,
    nullif(list_record ->> 'EAN', '') as ean,
    nullif(list_record ->> 'Unit', '') as unit_code,
    nullif(list_record ->> 'StockPlace', '') as stock_place,
    is_housework,
    is_webshop_article,
    vat_percent,
    sales_price,
    purchase_price,
    quantity_in_stock,
    reserved_quantity,
    disposable_quantity,
    stock_value_amount,
    staging.uncastable_fields(
        array[
            'Housework', staging.uncastable(list_record ->> 'Housework', is_housework is null),
            'WebshopArticle', staging.uncastable(
                list_record ->> 'WebshopArticle', is_webshop_article is null
            ),
            'VAT', staging.uncastable(list_record ->> 'VAT', vat_percent is null),
            'SalesPrice', staging.uncastable(list_record ->> 'SalesPrice', sales_price is null),
            'PurchasePrice', staging.uncastable(
                list_record ->> 'PurchasePrice', purchase_price is null
            ),
            'QuantityInStock', staging.uncastable(
                list_record ->> 'QuantityInStock', quantity_in_stock is null
            ),
            'ReservedQuantity', staging.uncastable(
                list_record ->> 'ReservedQuantity', reserved_quantity is null
            ),
            'DisposableQuantity', staging.uncastable(
                list_record ->> 'DisposableQuantity', disposable_quantity is null
            ),
            'StockValue', staging.uncastable(
                list_record ->> 'StockValue', stock_value_amount is null
            )
        ]
    ) as uncastable
from typed;
