-- severity: warn
-- inputs:   staging.ledger_year
-- why:      lines of the SIE file that break the format; what could be read of them counts
select
    ledger_year.organization_id,
    'line of the SIE file breaks the format' as reason,
    jsonb_build_object('financial_year_id', ledger_year.financial_year_id) || fault.item as detail
from staging.ledger_year as ledger_year
cross join lateral jsonb_array_elements(ledger_year.faults) as fault (item);
