-- why: the next batch of vouchers takes the place of this one
truncate incoming_voucher, incoming_voucher_row
