-- grain:  organization
-- key:    organization_id
-- inputs: control.organization, staging.fortnox_companyinformation, staging.ledger_voucher,
--         staging.financial_year, staging.fortnox_lockedperiod, control.statement_policy
-- why:    the company as a reader knows it; its id is its key
create table mart.dim_organization (
    organization_id bigint not null,
    organization_name text not null,
    organization_number text not null,
    city text not null,
    country_code text not null,
    accounting_method text not null,
    accounting_method_sv text not null,
    accounting_method_en text not null,
    opening_policy text not null,
    group_code text not null,
    group_name text not null,
    first_voucher_date date,
    last_voucher_date date,
    locked_until_date date,
    primary key (organization_id)
);

insert into mart.dim_organization (
    organization_id, organization_name, organization_number, city, country_code,
    accounting_method, accounting_method_sv, accounting_method_en, opening_policy,
    group_code, group_name, first_voucher_date, last_voucher_date,
    locked_until_date
)
with

voucher_span as (

    select
        organization_id,
        min(voucher_date) as first_voucher_date,
        max(voucher_date) as last_voucher_date
    from staging.ledger_voucher
    group by organization_id

),

year_by_age as (

    select
        organization_id,
        accounting_method,
        row_number() over (
            partition by organization_id order by start_date desc, financial_year_id desc
        ) as age
    from staging.financial_year

),

final as (

    select
        -- keys
        organization.organization_id,

        -- dimensions
        coalesce(
            nullif(company.company_name, ''), organization.organization_name
        ) as organization_name,
        coalesce(
            nullif(company.organization_number, ''), organization.organization_number
        ) as organization_number,
        coalesce(company.city, '') as city,
        coalesce(company.country_code, '') as country_code,
        coalesce(year_by_age.accounting_method, '') as accounting_method,
        case year_by_age.accounting_method
            when 'ACCRUAL' then 'Faktureringsmetoden'
            when 'CASH' then 'Kontantmetoden'
            else '(saknas)'
        end as accounting_method_sv,
        case year_by_age.accounting_method
            when 'ACCRUAL' then 'Accrual method'
            when 'CASH' then 'Cash method'
            else '(none)'
        end as accounting_method_en,
        coalesce(statement_policy.opening_policy, 'reported') as opening_policy,
        coalesce(statement_policy.group_code, '') as group_code,
        coalesce(statement_policy.group_name, '') as group_name,

        -- dates
        voucher_span.first_voucher_date,
        voucher_span.last_voucher_date,
        locked_period.locked_until_date
    from control.organization as organization
    left join staging.fortnox_companyinformation as company
        on organization.organization_id = company.organization_id
    left join year_by_age
        on organization.organization_id = year_by_age.organization_id and year_by_age.age = 1
    left join control.statement_policy as statement_policy
        on organization.organization_id = statement_policy.organization_id
    left join staging.fortnox_lockedperiod as locked_period
        on organization.organization_id = locked_period.organization_id
    left join voucher_span on organization.organization_id = voucher_span.organization_id

)

select * from final;
