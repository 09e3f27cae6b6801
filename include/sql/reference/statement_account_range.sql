-- grain:  range of BAS accounts x range of BAS years
-- key:    account_from, bas_year_from
-- inputs: dim_statement_line
-- why:    which line an account belongs to; no gap or overlap over 1000-8999 in any BAS year.
--         8990-8999, where a year's result is closed to 2099, are on no line of the income
--         statement: they take part only in the calculated result of the balance sheet
create table mart.statement_account_range (
    account_from int not null,
    account_to int not null,
    bas_year_from int not null,
    bas_year_to int not null,
    line_code text not null references mart.dim_statement_line (line_code),
    primary key (account_from, bas_year_from),
    check (account_from <= account_to),
    check (bas_year_from <= bas_year_to)
);
