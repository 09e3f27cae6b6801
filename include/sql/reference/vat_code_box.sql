-- grain:  VAT code of an account in Fortnox
-- key:    vat_code
-- inputs: dim_vat_box
-- why:    an account's own code beats its number; only the codes that Fortnox documents are here
--         (sales MP1-3, output VAT U1-3, input VAT I)
create table mart.vat_code_box (
    vat_code text primary key,
    box text not null references mart.dim_vat_box (box),
    vat_rate int
);
