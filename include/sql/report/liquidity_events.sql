-- why: the largest payments that are expected, which the weeks are made of
select
    event_kind as kind,
    expected_date,
    invoice_number,
    amount
from mart.liquidity_event
order by abs(amount) desc, event_kind asc, event_number asc
limit 30
