-- why: what a changed voucher was before is closed, never overwritten
update landing.voucher
set valid_to = now()
from incoming_voucher
where
    voucher.organization_id = control.current_organization_id()
    and voucher.financial_year_id = %(financial_year_id)s
    and voucher.voucher_series = incoming_voucher.voucher_series
    and voucher.voucher_number = incoming_voucher.voucher_number
    and voucher.voucher_ordinal = incoming_voucher.voucher_ordinal
    and voucher.valid_to = 'infinity'
