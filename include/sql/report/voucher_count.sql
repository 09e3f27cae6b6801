-- why: how many vouchers the month has, of which the report shows the newest
with

voucher as (

    select distinct
        financial_year_key,
        voucher_series,
        voucher_number,
        voucher_ordinal
    from mart.fct_ledger_row
    where fiscal_period_key = %(period)s

)

select count(*) as voucher_count
from voucher
