-- severity: warn
-- inputs:   mart.subledger_reconciliation, mart.dim_fiscal_period, mart.as_of
-- why:      open invoices do not come to what the control accounts (1510, 2440) show: rows of a
--           voucher were edited, a voucher was booked by hand, or an invoice has none
select
    reconciliation.organization_id,
    'sub-ledger is not its control accounts' as reason,
    jsonb_build_object(
        'side', reconciliation.side,
        'period', fiscal_period.label_sv,
        'sub_ledger', reconciliation.subledger_amount,
        'ledger', reconciliation.ledger_amount,
        'difference', reconciliation.difference_amount,
        'of_it_before', reconciliation.opening_difference_amount
    ) as detail
from mart.subledger_reconciliation as reconciliation
inner join mart.dim_fiscal_period as fiscal_period
    on
        reconciliation.organization_id = fiscal_period.organization_id
        and reconciliation.fiscal_period_key = fiscal_period.fiscal_period_key
inner join mart.as_of as today
    on
        reconciliation.organization_id = today.organization_id
        and fiscal_period.end_date <= today.as_of_date
where
    not reconciliation.is_cash_method
    and reconciliation.difference_amount <> 0
    and (
        reconciliation.difference_amount <> reconciliation.opening_difference_amount
        or fiscal_period.end_date + interval '32 days' > today.as_of_date
    );
