insert into landing.ledger_account (
    organization_id, financial_year_id, account_number, account_name, account_kind, sru_code
)
values (
    control.current_organization_id(), %(financial_year_id)s, %(number)s, %(name)s, %(kind)s,
    %(sru)s
)
