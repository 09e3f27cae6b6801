-- why: the sub-ledger beside its control accounts
select
    subledger_amount,
    ledger_amount,
    difference_amount,
    is_cash_method
from mart.subledger_reconciliation
where
    fiscal_period_key = %(period)s
    and side = %(side)s
