update landing.voucher_row
set valid_to = now()
from incoming_voucher
where
    voucher_row.organization_id = control.current_organization_id()
    and voucher_row.financial_year_id = %(financial_year_id)s
    and voucher_row.voucher_series = incoming_voucher.voucher_series
    and voucher_row.voucher_number = incoming_voucher.voucher_number
    and voucher_row.voucher_ordinal = incoming_voucher.voucher_ordinal
    and voucher_row.valid_to = 'infinity'
