-- purpose: the vouchers of a year as they are now
select
    voucher_series,
    voucher_number,
    voucher_ordinal,
    digest
from landing.voucher
where
    organization_id = control.current_organization_id()
    and financial_year_id = %(financial_year_id)s
    and valid_to = 'infinity'
