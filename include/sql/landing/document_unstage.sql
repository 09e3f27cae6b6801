-- why: several resources may be merged in one transaction
drop table incoming_page
