-- grain:  organization x accrued supplier invoice x row
-- key:    organization_id, document_key, row_number
-- inputs: landing.document
-- why:    a removed row is kept and marked
create view staging.fortnox_supplierinvoiceaccrual_row with (security_invoker = true) as
with

living as (

    select
        organization_id,
        document_key,
        detail_record
    from landing.document
    where
        resource = 'supplierinvoiceaccruals'
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
        living.detail_record, '$.SupplierInvoiceAccrualRows[*] ? (@ <> null)'
    ) with ordinality as element (row_record, row_number)

),

typed as (

    select
        organization_id,
        document_key,
        row_number,
        row_record,
        coalesce(staging.as_boolean(row_record ->> 'Removed'), false) as is_removed,
        staging.as_numeric(row_record -> 'Debit') as debit_amount,
        staging.as_numeric(row_record -> 'Credit') as credit_amount
    from document_row

)

select
    organization_id,
    document_key,
    document_key as supplier_invoice_number,
    row_number,
    staging.as_account(row_record ->> 'Account') as account_number,
    nullif(row_record ->> 'CostCenter', '') as cost_center_number,
    nullif(row_record ->> 'Project', '') as project_number,
    nullif(row_record ->> 'TransactionInformation', '') as transaction_text,
    is_removed,
    debit_amount,
    credit_amount,
    staging.uncastable_fields(
        array[
            'Debit', staging.uncastable(row_record ->> 'Debit', debit_amount is null),
            'Credit', staging.uncastable(row_record ->> 'Credit', credit_amount is null)
        ]
    ) as uncastable
from typed;
