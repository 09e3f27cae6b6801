-- purpose: the digest of the newest stored file of a year, and whether the ledger was made from it
select
    sie_file.content_digest,
    coalesce(sie_file.content_digest = ledger_year.content_digest, false) as is_loaded
from landing.sie_file
left join landing.ledger_year
    on
        sie_file.organization_id = ledger_year.organization_id
        and sie_file.financial_year_id = ledger_year.financial_year_id
where
    sie_file.organization_id = control.current_organization_id()
    and sie_file.financial_year_id = %(financial_year_id)s
    and sie_file.is_newest
