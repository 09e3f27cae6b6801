-- severity: warn
-- inputs:   staging.ledger_year
-- why:      what the file states of an account is not what its own rows come to, as counted from
--           its bytes when it landed; the rows count
select
    ledger_year.organization_id,
    'SIE file contradicts itself' as reason,
    jsonb_build_object('financial_year_id', ledger_year.financial_year_id)
    || contradiction.item as detail
from staging.ledger_year as ledger_year
cross join lateral jsonb_array_elements(ledger_year.contradictions) as contradiction (item);
