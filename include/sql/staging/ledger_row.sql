-- grain:  the voucher's, x row
-- key:    organization_id, financial_year_id, voucher_series, voucher_number, voucher_ordinal,
--         row_number
-- inputs: landing.voucher_row
-- why:    a struck row counts nothing, and what it was stays readable
create view staging.ledger_row with (security_invoker = true) as
select
    voucher_row.organization_id,
    voucher_row.financial_year_id,
    voucher_row.voucher_series,
    voucher_row.voucher_number,
    voucher_row.voucher_ordinal,
    voucher_row.row_number,
    voucher_row.account_number,
    voucher_row.cost_center,
    voucher_row.project,
    voucher_row.row_date,
    voucher_row.row_text,
    voucher_row.quantity,
    voucher_row.signature,
    voucher_row.is_struck,
    voucher_row.is_added,
    case
        when voucher_row.is_struck then 0 else voucher_row.amount
    end::numeric(18, 2) as amount,
    case
        when voucher_row.is_struck then voucher_row.amount else 0
    end::numeric(18, 2) as struck_amount
from landing.voucher_row as voucher_row
where voucher_row.valid_to = 'infinity';
