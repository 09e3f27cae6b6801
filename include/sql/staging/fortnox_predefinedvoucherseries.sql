-- grain:  organization x use of a voucher series
-- key:    organization_id, document_key
-- inputs: landing.document
-- why:    which series Fortnox books what in by itself
create view staging.fortnox_predefinedvoucherseries with (security_invoker = true) as
select
    organization_id,
    document_key,
    list_record ->> 'Name' as series_use,
    nullif(list_record ->> 'VoucherSeries', '') as voucher_series
from landing.document
where
    resource = 'predefinedvoucherseries'
    and deleted_at is null
    and list_record ->> 'Name' <> '';
