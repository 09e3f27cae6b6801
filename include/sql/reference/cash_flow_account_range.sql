-- grain:  range of BAS accounts x line of the cash flow statement
-- key:    account_from, line_code
-- inputs: dim_statement_line
-- why:    the indirect method as data: every account but the cash accounts (1900-1999) moves cash
--         by the reverse of its own movement, so its weights sum to 1. What is a cost but no
--         payment (7832) is taken out of the result (-1) and out of what was invested (+1)
create table mart.cash_flow_account_range (
    account_from int not null,
    account_to int not null,
    line_code text not null references mart.dim_statement_line (line_code),
    weight int not null check (weight in (-1, 1)),
    primary key (account_from, line_code),
    check (account_from <= account_to)
);
