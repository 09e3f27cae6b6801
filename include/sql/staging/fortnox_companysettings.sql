-- grain:  organization
-- key:    organization_id
-- inputs: landing.document
-- why:    who is to be asked there, and how, stays in landing
create view staging.fortnox_companysettings with (security_invoker = true) as
with

typed as (

    select
        organization_id,
        document_key,
        list_record,
        staging.as_boolean(list_record ->> 'TaxEnabled') as is_approved_for_tax
    from landing.document
    where
        resource = 'companysettings'
        and deleted_at is null
        and jsonb_typeof(list_record) = 'object'

)

select
    organization_id,
    document_key,
    nullif(list_record ->> 'Name', '') as company_name,
    nullif(list_record ->> 'OrganizationNumber', '') as organization_number,
    nullif(list_record ->> 'VATNumber', '') as vat_number,
    nullif(list_record ->> 'Domicile', '') as domicile,
    nullif(list_record ->> 'City', '') as city,
    nullif(list_record ->> 'CountryCode', '') as country_code,
    nullif(list_record ->> 'BG', '') as bankgiro,
    nullif(list_record ->> 'PG', '') as plusgiro,
    nullif(list_record ->> 'IBAN', '') as iban,
    nullif(list_record ->> 'BIC', '') as bic,
    is_approved_for_tax,
    staging.uncastable_fields(
        array[
            'TaxEnabled', staging.uncastable(
                list_record ->> 'TaxEnabled', is_approved_for_tax is null
            )
        ]
    ) as uncastable
from typed;
