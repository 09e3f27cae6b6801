-- grain:  statement x line
-- key:    statement_line_key
-- why:    lines, subtotals and derived lines as data, in the order and words of the layouts that
--         the Annual Accounts Act (ÅRL) and K2/K3 prescribe (costs by nature); sign turns a ledger
--         amount (debit +) into the amount that a reader expects
create table mart.dim_statement_line (
    statement_line_key int primary key,
    statement_code text not null check (
        statement_code in ('income_statement', 'balance_sheet', 'cash_flow')
    ),
    section_code text not null,
    section_sv text not null,
    section_en text not null,
    line_code text not null unique,
    line_order int not null unique,
    indent_level int not null,
    kind text not null check (kind in ('line', 'subtotal', 'derived')),
    sign int not null check (sign in (-1, 1)),
    name_sv text not null,
    name_en text not null
);
