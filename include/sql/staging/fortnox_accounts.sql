-- grain:  organization x financial year x account
-- key:    organization_id, document_key
-- inputs: landing.document
-- why:    Fortnox writes account numbers as JSON numbers, which lose their leading zeros; its
--         shortest numbers have four digits
create view staging.fortnox_accounts with (security_invoker = true) as
with

typed as (

    select
        organization_id,
        document_key,
        list_record,
        staging.as_integer(
            coalesce(nullif(scope, ''), list_record ->> 'Year')
        ) as financial_year_id,
        staging.as_boolean(list_record ->> 'Active') as is_active,
        staging.as_numeric(list_record ->> 'BalanceBroughtForward') as opening_balance
    from landing.document
    where
        resource = 'accounts'
        and deleted_at is null
        and list_record is not null

)

select
    organization_id,
    document_key,
    financial_year_id,
    case
        when list_record ->> 'Number' ~ '^[0-9]{1,3}$' then lpad(list_record ->> 'Number', 4, '0')
        else list_record ->> 'Number'
    end as account_number,
    list_record ->> 'Description' as account_name,
    list_record ->> 'SRU' as sru_code,
    list_record ->> 'VATCode' as vat_code,
    is_active,
    opening_balance,
    staging.uncastable_fields(
        array[
            'Year', staging.uncastable(list_record ->> 'Year', financial_year_id is null),
            'Active', staging.uncastable(list_record ->> 'Active', is_active is null),
            'BalanceBroughtForward', staging.uncastable(
                list_record ->> 'BalanceBroughtForward', opening_balance is null
            )
        ]
    ) as uncastable
from typed
where list_record ->> 'Number' <> '';
