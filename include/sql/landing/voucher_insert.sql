insert into landing.voucher (
    organization_id, financial_year_id, voucher_series, voucher_number, voucher_ordinal,
    voucher_date, voucher_text, registration_date, signature, digest, valid_from
)
select
    control.current_organization_id() as organization_id,
    %(financial_year_id)s as year_id,
    voucher_series,
    voucher_number,
    voucher_ordinal,
    voucher_date,
    voucher_text,
    registration_date,
    signature,
    digest,
    now() as valid_from
from incoming_voucher
where digest is not null
