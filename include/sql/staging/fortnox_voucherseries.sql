-- grain:  organization x financial year x voucher series
-- key:    organization_id, document_key
-- inputs: landing.document
create view staging.fortnox_voucherseries with (security_invoker = true) as
with

typed as (

    select
        organization_id,
        document_key,
        list_record,
        staging.as_integer(list_record ->> 'Year') as financial_year_id,
        staging.as_boolean(list_record ->> 'Manual') as is_manual
    from landing.document
    where
        resource = 'voucherseries'
        and deleted_at is null
        and list_record ->> 'Code' <> ''

)

select
    organization_id,
    document_key,
    financial_year_id,
    list_record ->> 'Code' as voucher_series,
    nullif(list_record ->> 'Description', '') as series_name,
    is_manual,
    staging.uncastable_fields(
        array[
            'Year', staging.uncastable(list_record ->> 'Year', financial_year_id is null),
            'Manual', staging.uncastable(list_record ->> 'Manual', is_manual is null)
        ]
    ) as uncastable
from typed;
