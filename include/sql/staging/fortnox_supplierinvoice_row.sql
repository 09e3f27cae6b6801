-- grain:  organization x supplier invoice x row
-- key:    organization_id, document_key, row_number
-- inputs: landing.document
-- why:    the row's code says what it is for: TOT the total, VAT the tax and so on; a removed row
--         is kept and marked
create view staging.fortnox_supplierinvoice_row with (security_invoker = true) as
with

living as (

    select
        organization_id,
        document_key,
        detail_record
    from landing.document
    where
        resource = 'supplierinvoices'
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
        living.detail_record, '$.SupplierInvoiceRows[*] ? (@ <> null)'
    ) with ordinality as element (row_record, row_number)

),

typed as (

    select
        organization_id,
        document_key,
        row_number,
        row_record,
        coalesce(staging.as_boolean(row_record ->> 'Removed'), false) as is_removed,
        staging.as_numeric(row_record -> 'Quantity') as quantity,
        staging.as_numeric(row_record -> 'Price') as price_currency,
        staging.as_numeric(row_record -> 'Total') as total_amount_currency,
        staging.as_numeric(row_record -> 'Debit') as debit_amount,
        staging.as_numeric(row_record -> 'Credit') as credit_amount,
        staging.as_numeric(row_record -> 'DebitCurrency') as debit_amount_currency,
        staging.as_numeric(row_record -> 'CreditCurrency') as credit_amount_currency
    from document_row

)

select
    organization_id,
    document_key,
    document_key as supplier_invoice_number,
    row_number,
    staging.as_account(row_record ->> 'Account') as account_number,
    nullif(row_record ->> 'AccountDescription', '') as account_name,
    nullif(row_record ->> 'ArticleNumber', '') as article_number,
    nullif(row_record ->> 'Code', '') as row_code,
    nullif(row_record ->> 'ItemDescription', '') as row_text,
    nullif(row_record ->> 'TransactionInformation', '') as transaction_text,
    nullif(row_record ->> 'CostCenter', '') as cost_center_number,
    nullif(row_record ->> 'Project', '') as project_number,
    nullif(row_record ->> 'Unit', '') as unit_code,
    nullif(row_record ->> 'StockPointCode', '') as stock_point_code,
    is_removed,
    quantity,
    price_currency,
    total_amount_currency,
    debit_amount,
    credit_amount,
    debit_amount_currency,
    credit_amount_currency,
    staging.uncastable_fields(
        array[
            'Quantity', staging.uncastable(row_record ->> 'Quantity', quantity is null),
            'Price', staging.uncastable(row_record ->> 'Price', price_currency is null),
            'Total', staging.uncastable(row_record ->> 'Total', total_amount_currency is null),
            'Debit', staging.uncastable(row_record ->> 'Debit', debit_amount is null),
            'Credit', staging.uncastable(row_record ->> 'Credit', credit_amount is null),
            'DebitCurrency', staging.uncastable(
                row_record ->> 'DebitCurrency', debit_amount_currency is null
            ),
            'CreditCurrency', staging.uncastable(
                row_record ->> 'CreditCurrency', credit_amount_currency is null
            )
        ]
    ) as uncastable
from typed;
