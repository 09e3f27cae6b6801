-- grain:  organization x financial year
-- key:    organization_id, financial_year_id
-- inputs: staging.ledger_year, staging.fortnox_financialyears
-- why:    a year exists when Fortnox lists it or when its ledger is here; where both speak of its
--         limits, the ledger's hold, since its vouchers were booked under them
create view staging.financial_year with (security_invoker = true) as
with

joined as (

    select
        coalesce(ledger.organization_id, listed.organization_id) as organization_id,
        coalesce(ledger.financial_year_id, listed.financial_year_id) as financial_year_id,
        coalesce(ledger.start_date, listed.start_date) as start_date,
        coalesce(ledger.end_date, listed.end_date) as end_date,
        listed.accounting_method,
        listed.account_chart,
        ledger.organization_id is not null as has_ledger
    from staging.ledger_year as ledger
    full outer join staging.fortnox_financialyears as listed
        on
            ledger.organization_id = listed.organization_id
            and ledger.financial_year_id = listed.financial_year_id

)

select
    organization_id,
    financial_year_id,
    start_date,
    end_date,
    -- a company changes its chart between years, not within one
    extract(year from start_date)::int as bas_year,
    accounting_method,
    account_chart,
    has_ledger
from joined
where
    financial_year_id is not null
    and start_date <= end_date;
