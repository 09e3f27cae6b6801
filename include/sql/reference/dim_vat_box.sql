-- grain: box of the Swedish VAT return (SKV 4700)
-- key:   vat_box_key (the box's number)
-- why:   sign turns a ledger amount (debit +) into what stands in the box; 49 is computed of others
create table mart.dim_vat_box (
    vat_box_key int primary key,
    box text not null unique,
    part text not null,
    amount_kind text not null check (amount_kind in ('base', 'tax', 'computed')),
    sign int not null check (sign in (-1, 1)),
    name_sv text not null,
    name_en text not null
);
