-- grain:  organization x financial year with a loaded ledger
-- key:    organization_id, financial_year_id
-- inputs: landing.ledger_year
create view staging.ledger_year with (security_invoker = true) as
select
    ledger_year.organization_id,
    ledger_year.financial_year_id,
    ledger_year.start_date,
    ledger_year.end_date,
    ledger_year.program,
    ledger_year.faults,
    ledger_year.contradictions
from landing.ledger_year as ledger_year;
