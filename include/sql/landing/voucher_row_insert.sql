insert into landing.voucher_row (
    organization_id, financial_year_id, voucher_series, voucher_number, voucher_ordinal,
    row_number, account_number, amount, cost_center, project, objects, row_date, row_text,
    quantity, signature, is_struck, is_added, valid_from
)
select
    control.current_organization_id() as organization_id,
    %(financial_year_id)s as year_id,
    voucher_series,
    voucher_number,
    voucher_ordinal,
    row_number,
    account_number,
    amount,
    cost_center,
    project,
    other_objects,
    row_date,
    row_text,
    quantity,
    signature,
    is_struck,
    is_added,
    now() as valid_from
from incoming_voucher_row
