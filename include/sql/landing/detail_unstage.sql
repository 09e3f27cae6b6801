-- why: several batches may be merged in one transaction
drop table incoming_detail
