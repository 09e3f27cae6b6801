-- severity: stop
-- inputs:   mart.subledger_roll_forward, mart.fct_open_item, mart.dim_fiscal_period, mart.as_of,
--           mart.subledger_reconciliation
-- why:      opening and all that came and went is closing; the closing of a month that has ended is
--           the sum of its open items; and what the sub-ledger and the ledger differ by is their
--           difference before and that of the period's vouchers and documents
with

open_sum as (

    select
        organization_id,
        side,
        as_of_date,
        sum(open_amount) as open_amount
    from mart.fct_open_item
    where is_period_end
    group by organization_id, side, as_of_date

),

ended as (

    select
        roll_forward.organization_id,
        roll_forward.side,
        fiscal_period.label_sv,
        roll_forward.opening_amount,
        roll_forward.closing_amount,
        roll_forward.opening_amount
        + roll_forward.invoiced_amount
        + roll_forward.credited_amount
        + roll_forward.paid_amount
        + roll_forward.written_off_amount
        + roll_forward.settled_amount
        + roll_forward.currency_difference_amount as computed_amount,
        case
            when fiscal_period.end_date <= today.as_of_date
                then coalesce(open_sum.open_amount, 0)
        end as open_amount
    from mart.subledger_roll_forward as roll_forward
    inner join mart.dim_fiscal_period as fiscal_period
        on
            roll_forward.organization_id = fiscal_period.organization_id
            and roll_forward.fiscal_period_key = fiscal_period.fiscal_period_key
    left join mart.as_of as today on roll_forward.organization_id = today.organization_id
    left join open_sum
        on
            roll_forward.organization_id = open_sum.organization_id
            and roll_forward.side = open_sum.side
            and fiscal_period.end_date = open_sum.as_of_date

)

select
    organization_id,
    'sub-ledger does not roll forward' as reason,
    jsonb_build_object(
        'side', side,
        'period', label_sv,
        'opening_and_movements', computed_amount,
        'closing', closing_amount,
        'open_items', open_amount
    ) as detail
from ended
where
    closing_amount <> computed_amount
    or closing_amount <> open_amount
union all
select
    reconciliation.organization_id,
    'difference to the ledger is not that of its causes' as reason,
    jsonb_build_object(
        'side', reconciliation.side,
        'period', fiscal_period.label_sv,
        'difference', reconciliation.difference_amount,
        'difference_before', reconciliation.opening_difference_amount
    ) as detail
from mart.subledger_reconciliation as reconciliation
inner join mart.dim_fiscal_period as fiscal_period
    on
        reconciliation.organization_id = fiscal_period.organization_id
        and reconciliation.fiscal_period_key = fiscal_period.fiscal_period_key
where
    reconciliation.difference_amount
    <> reconciliation.opening_difference_amount
    + reconciliation.manual_voucher_amount
    + reconciliation.amount_changed_amount
    + reconciliation.voucher_without_document_amount
    + reconciliation.document_without_voucher_amount
    + reconciliation.voucher_list_missing_amount;
