-- purpose: the financial years that came from a file of the company's own, oldest first
-- why:     Fortnox numbers its years from 1; a year of a file has a number below zero
select
    financial_year_id,
    start_date,
    end_date
from landing.ledger_year
where
    organization_id = control.current_organization_id()
    and financial_year_id < 0
order by start_date
