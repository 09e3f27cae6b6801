-- grain:  organization
-- key:    organization_id
-- inputs: landing.document
-- why:    what the company calls itself in Fortnox
create view staging.fortnox_companyinformation with (security_invoker = true) as
select
    organization_id,
    list_record ->> 'DatabaseNumber' as database_number,
    list_record ->> 'CompanyName' as company_name,
    list_record ->> 'OrganizationNumber' as organization_number,
    list_record ->> 'City' as city,
    list_record ->> 'CountryCode' as country_code
from landing.document
where
    resource = 'companyinformation'
    and deleted_at is null
    and jsonb_typeof(list_record) = 'object';
