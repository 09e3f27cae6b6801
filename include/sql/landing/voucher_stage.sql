-- why: COPY cannot write a table under row-level security; a voucher without digest is gone
create temporary table incoming_voucher (
    voucher_series text not null,
    voucher_number text not null,
    voucher_ordinal int not null,
    voucher_date date,
    voucher_text text,
    registration_date date,
    signature text,
    digest bytea
) on commit drop
