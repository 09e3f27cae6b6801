-- grain:  organization x financial year x series x number
-- key:    organization_id, document_key
-- inputs: landing.document
-- why:    what the voucher list says beside the ledger: which document a voucher came from, and
--         whether it is approved. Its rows and amounts are the ledger's
create view staging.fortnox_vouchers with (security_invoker = true) as
with

typed as (

    select
        organization_id,
        document_key,
        list_record,
        staging.as_integer(list_record ->> 'Year') as financial_year_id,
        staging.as_integer(list_record ->> 'ApprovalState') as approval_state,
        staging.as_date(list_record ->> 'TransactionDate') as voucher_date
    from landing.document
    where
        resource = 'vouchers'
        and deleted_at is null
        and list_record ->> 'VoucherNumber' <> ''

)

select
    organization_id,
    document_key,
    financial_year_id,
    nullif(list_record ->> 'VoucherSeries', '') as voucher_series,
    list_record ->> 'VoucherNumber' as voucher_number,
    nullif(list_record ->> 'Description', '') as voucher_text,
    nullif(list_record ->> 'Comments', '') as comment_text,
    nullif(list_record ->> 'ReferenceType', '') as reference_type,
    staging.as_reference(list_record ->> 'ReferenceNumber') as reference_number,
    approval_state,
    voucher_date,
    staging.uncastable_fields(
        array[
            'Year', staging.uncastable(list_record ->> 'Year', financial_year_id is null),
            'ApprovalState', staging.uncastable(
                list_record ->> 'ApprovalState', approval_state is null
            ),
            'TransactionDate', staging.uncastable(
                list_record ->> 'TransactionDate', voucher_date is null
            )
        ]
    ) as uncastable
from typed;
