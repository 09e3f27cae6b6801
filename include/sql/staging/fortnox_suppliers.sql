-- grain:  organization x supplier
-- key:    organization_id, document_key
-- inputs: landing.document
create view staging.fortnox_suppliers with (security_invoker = true) as
with

typed as (

    select
        organization_id,
        document_key,
        list_record,
        staging.as_boolean(list_record ->> 'Active') as is_active
    from landing.document
    where
        resource = 'suppliers'
        and deleted_at is null
        and list_record ->> 'SupplierNumber' <> ''

)

select
    organization_id,
    document_key,
    list_record ->> 'SupplierNumber' as supplier_number,
    list_record ->> 'Name' as supplier_name,
    list_record ->> 'OrganisationNumber' as organization_number,
    list_record ->> 'City' as city,
    list_record ->> 'CountryCode' as country_code,
    list_record ->> 'Currency' as currency,
    is_active,
    staging.uncastable_fields(
        array[
            'Active', staging.uncastable(list_record ->> 'Active', is_active is null)
        ]
    ) as uncastable
from typed;
