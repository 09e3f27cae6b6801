-- grain:  organization x financial year x series x number x ordinal among equal ids
-- key:    organization_id, financial_year_id, voucher_series, voucher_number, voucher_ordinal
-- inputs: landing.voucher
-- why:    vouchers as they are now; what they were before stays in landing
create view staging.ledger_voucher with (security_invoker = true) as
select
    voucher.organization_id,
    voucher.financial_year_id,
    voucher.voucher_series,
    voucher.voucher_number,
    voucher.voucher_ordinal,
    voucher.voucher_date,
    voucher.registration_date,
    voucher.voucher_text,
    voucher.signature
from landing.voucher as voucher
where voucher.valid_to = 'infinity';
