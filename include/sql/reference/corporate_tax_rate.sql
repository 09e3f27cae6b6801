-- grain: rate of corporate tax
-- key:   start_date
-- why:   by the first day of the financial year (inkomstskattelagen 65:10)
create table mart.corporate_tax_rate (
    start_date date primary key,
    rate numeric(5, 4) not null
);
