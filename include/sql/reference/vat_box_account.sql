-- grain:  range of BAS accounts x range of BAS years
-- key:    account_from, bas_year_from
-- inputs: dim_vat_box
-- why:    the box of an account by its number, where its VAT code does not say it; the rate only
--         where the account has one and the same
create table mart.vat_box_account (
    account_from int not null,
    account_to int not null,
    bas_year_from int not null,
    bas_year_to int not null,
    box text not null references mart.dim_vat_box (box),
    vat_rate int,
    primary key (account_from, bas_year_from),
    check (account_from <= account_to),
    check (bas_year_from <= bas_year_to)
);
