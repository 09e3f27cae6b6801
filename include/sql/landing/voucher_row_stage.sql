create temporary table incoming_voucher_row (
    voucher_series text not null,
    voucher_number text not null,
    voucher_ordinal int not null,
    row_number int not null,
    account_number text not null,
    amount numeric not null,
    cost_center text not null,
    project text not null,
    other_objects text not null,
    row_date date,
    row_text text not null,
    quantity numeric,
    signature text not null,
    is_struck boolean not null,
    is_added boolean not null
) on commit drop
