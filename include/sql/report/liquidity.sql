-- why: the cash that is expected, week by week
select
    week_start_date,
    week_end_date,
    array[
        opening_amount, receivable_amount, payable_amount, wages_amount, payroll_taxes_amount,
        vat_amount, closing_amount
    ] as amounts
from mart.liquidity
order by week_number
