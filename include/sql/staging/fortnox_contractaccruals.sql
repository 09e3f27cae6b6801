-- grain:  organization x accrued contract
-- key:    organization_id, document_key
-- inputs: landing.document
create view staging.fortnox_contractaccruals with (security_invoker = true) as
with

living as (

    select
        organization_id,
        document_key,
        list_record,
        detail_record
    from landing.document
    where
        resource = 'contractaccruals'
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
        staging.as_integer(detail_record ->> 'Times') as times,
        staging.as_boolean(detail_record ->> 'VATIncluded') as is_vat_included,
        staging.as_numeric(detail_record -> 'Total') as total_amount
    from unpacked

)

select
    organization_id,
    document_key,
    list_record ->> 'DocumentNumber' as contract_number,
    nullif(list_record ->> 'Description', '') as accrual_text,
    nullif(list_record ->> 'Period', '') as period,
    staging.as_account(detail_record ->> 'AccrualAccount') as accrual_account_number,
    staging.as_account(detail_record ->> 'CostAccount') as cost_account_number,
    times,
    is_vat_included,
    detail_record is not null as has_detail,
    total_amount,
    staging.uncastable_fields(
        array[
            'Times', staging.uncastable(detail_record ->> 'Times', times is null),
            'VATIncluded', staging.uncastable(
                detail_record ->> 'VATIncluded', is_vat_included is null
            ),
            'Total', staging.uncastable(detail_record ->> 'Total', total_amount is null)
        ]
    ) as uncastable
from typed;
