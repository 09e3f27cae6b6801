-- grain:  organization x order x row
-- key:    organization_id, document_key, row_number
-- inputs: landing.document
-- why:    where a document's prices include VAT, price and total do; a removed row is kept and
--         marked
create view staging.fortnox_order_row with (security_invoker = true) as
with

living as (

    select
        organization_id,
        document_key,
        detail_record
    from landing.document
    where
        resource = 'orders'
        and deleted_at is null
        and detail_record is not null

),

document_row as (

    select
        living.organization_id,
        living.document_key,
        element.row_record,
        element.row_number::int as row_number
    from living
    cross join lateral jsonb_path_query(
        living.detail_record, '$.OrderRows[*] ? (@ <> null)'
    ) with ordinality as element (row_record, row_number)

),

typed as (

    select
        organization_id,
        document_key,
        row_number,
        row_record,
        coalesce(staging.as_boolean(row_record ->> 'Removed'), false) as is_removed,
        staging.as_integer(row_record ->> 'RowId') as row_id,
        staging.as_boolean(row_record ->> 'HouseWork') as is_housework,
        staging.as_numeric(row_record -> 'OrderedQuantity') as ordered_quantity,
        staging.as_numeric(row_record -> 'DeliveredQuantity') as delivered_quantity,
        staging.as_numeric(row_record -> 'ReservedQuantity') as reserved_quantity,
        staging.as_numeric(row_record -> 'Price') as price_currency,
        staging.as_numeric(row_record -> 'Discount') as discount,
        staging.as_numeric(row_record -> 'VAT') as vat_percent,
        staging.as_numeric(row_record -> 'Total') as total_amount_currency,
        staging.as_numeric(row_record -> 'ContributionValue') as contribution_amount_currency,
        staging.as_numeric(row_record -> 'ContributionPercent') as contribution_percent,
        staging.as_numeric(row_record -> 'HouseWorkHoursToReport') as housework_hours
    from document_row

)

select
    organization_id,
    document_key,
    document_key as order_number,
    row_number,
    row_id,
    staging.as_account(row_record ->> 'AccountNumber') as account_number,
    nullif(row_record ->> 'ArticleNumber', '') as article_number,
    nullif(row_record ->> 'Description', '') as row_text,
    nullif(row_record ->> 'CostCenter', '') as cost_center_number,
    nullif(row_record ->> 'Project', '') as project_number,
    nullif(row_record ->> 'Unit', '') as unit_code,
    nullif(row_record ->> 'DiscountType', '') as discount_type,
    nullif(row_record ->> 'HouseWorkType', '') as housework_type,
    nullif(row_record ->> 'VATCode', '') as vat_code,
    nullif(row_record ->> 'StockPointCode', '') as stock_point_code,
    is_removed,
    is_housework,
    ordered_quantity,
    delivered_quantity,
    reserved_quantity,
    price_currency,
    discount,
    vat_percent,
    total_amount_currency,
    contribution_amount_currency,
    contribution_percent,
    housework_hours,
    staging.uncastable_fields(
        array[
            'RowId', staging.uncastable(row_record ->> 'RowId', row_id is null),
            'HouseWork', staging.uncastable(row_record ->> 'HouseWork', is_housework is null),
            'OrderedQuantity', staging.uncastable(
                row_record ->> 'OrderedQuantity', ordered_quantity is null
            ),
            'DeliveredQuantity', staging.uncastable(
                row_record ->> 'DeliveredQuantity', delivered_quantity is null
            ),
            'ReservedQuantity', staging.uncastable(
                row_record ->> 'ReservedQuantity', reserved_quantity is null
            ),
            'Price', staging.uncastable(row_record ->> 'Price', price_currency is null),
            'Discount', staging.uncastable(row_record ->> 'Discount', discount is null),
            'VAT', staging.uncastable(row_record ->> 'VAT', vat_percent is null),
            'Total', staging.uncastable(row_record ->> 'Total', total_amount_currency is null),
            'ContributionValue', staging.uncastable(
                row_record ->> 'ContributionValue', contribution_amount_currency is null
            ),
            'ContributionPercent', staging.uncastable(
                row_record ->> 'ContributionPercent', contribution_percent is null
            ),
            'HouseWorkHoursToReport', staging.uncastable(
                row_record ->> 'HouseWorkHoursToReport', housework_hours is null
            )
        ]
    ) as uncastable
from typed;
