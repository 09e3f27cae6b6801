-- why: a page is taken apart at once and thrown away; to compress it would cost more than to
--      write it
alter table incoming_page alter column body set storage external
