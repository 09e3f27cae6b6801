-- grain:  organization x tax reduction
-- key:    organization_id, document_key
-- inputs: landing.document
-- why:    name and personal number of who gets it stay in landing
create view staging.fortnox_taxreductions with (security_invoker = true) as
with

typed as (

    select
        organization_id,
        document_key,
        list_record,
        staging.as_numeric(list_record -> 'ApprovedAmount') as approved_amount
    from landing.document
    where
        resource = 'taxreductions'
        and deleted_at is null
        and list_record ->> 'Id' <> ''

)

select
    organization_id,
    document_key,
    list_record ->> 'Id' as tax_reduction_id,
    nullif(list_record ->> 'ReferenceDocumentType', '') as reference_type,
    staging.as_reference(list_record ->> 'ReferenceNumber') as reference_number,
    approved_amount,
    staging.uncastable_fields(
        array[
            'ApprovedAmount', staging.uncastable(
                list_record ->> 'ApprovedAmount', approved_amount is null
            )
        ]
    ) as uncastable
from typed;
