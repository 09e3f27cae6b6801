-- why: a file that states the same balance twice means the last
insert into landing.ledger_balance (
    organization_id, financial_year_id, balance_kind, year_index, period, account_number, objects,
    amount, quantity
)
values (
    control.current_organization_id(), %(financial_year_id)s, %(kind)s, %(year_index)s,
    %(period)s, %(account)s, %(objects)s, %(amount)s, %(quantity)s
)
on conflict (
    organization_id, financial_year_id, balance_kind, year_index, period, account_number, objects
)
do update set
    amount = excluded.amount,
    quantity = excluded.quantity
