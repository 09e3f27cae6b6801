-- why: several years may be landed in one transaction
drop table incoming_voucher, incoming_voucher_row
