-- grain:  subtotal x section that it sums
-- key:    subtotal_code, section_code
-- inputs: dim_statement_line
-- why:    subtotals as data; the calculated result of the balance sheet sums the income statement
create table mart.statement_subtotal (
    subtotal_code text not null references mart.dim_statement_line (line_code),
    section_code text not null,
    primary key (subtotal_code, section_code)
);
