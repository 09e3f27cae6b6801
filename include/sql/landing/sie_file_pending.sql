-- purpose: the financial years whose newest file is not the one that the ledger was made from
select sie_file.financial_year_id
from landing.sie_file
left join landing.ledger_year
    on
        sie_file.organization_id = ledger_year.organization_id
        and sie_file.financial_year_id = ledger_year.financial_year_id
where
    sie_file.organization_id = control.current_organization_id()
    and sie_file.is_newest
    and sie_file.content_digest is distinct from ledger_year.content_digest
order by sie_file.financial_year_id
