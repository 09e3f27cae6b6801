delete from landing.ledger_balance
where
    organization_id = control.current_organization_id()
    and financial_year_id = %(financial_year_id)s
