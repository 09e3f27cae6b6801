-- grain:  organization x financial year x dimension x object
-- key:    organization_id, financial_year_id, dimension_number, object_number
-- inputs: landing.ledger_object
-- why:    dimension 1 is the cost centre and 6 the project (SIE 4B, #DIM)
create view staging.ledger_object with (security_invoker = true) as
select
    ledger_object.organization_id,
    ledger_object.financial_year_id,
    ledger_object.dimension_number,
    ledger_object.object_number,
    nullif(ledger_object.object_name, '') as object_name
from landing.ledger_object as ledger_object;
