-- purpose: the financial years whose ledger is here, oldest first, Fortnox's (ids from 1) and those
--          of files (below zero)
select
    financial_year_id,
    start_date,
    end_date
from landing.ledger_year
where organization_id = control.current_organization_id()
order by start_date
