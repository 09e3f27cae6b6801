-- severity: warn
-- inputs:   mart.fct_ledger_row, mart.dim_financial_year
-- why:      debit is not credit in the source; the balance sheet carries the sum on its line
--           Obalanserade verifikationer
with

unbalanced as (

    select
        organization_id,
        financial_year_key,
        voucher_series,
        voucher_number,
        voucher_ordinal,
        max(voucher_date) as voucher_date,
        sum(amount) as difference_amount
    from mart.fct_ledger_row
    group by
        organization_id,
        financial_year_key,
        voucher_series,
        voucher_number,
        voucher_ordinal
    having sum(amount) <> 0

)

select
    unbalanced.organization_id,
    'voucher does not balance' as reason,
    jsonb_build_object(
        'financial_year', financial_year.financial_year_label,
        'voucher', concat_ws(' ', unbalanced.voucher_series, unbalanced.voucher_number),
        'date', unbalanced.voucher_date,
        'difference', unbalanced.difference_amount
    ) as detail
from unbalanced
inner join mart.dim_financial_year as financial_year
    on
        unbalanced.organization_id = financial_year.organization_id
        and unbalanced.financial_year_key = financial_year.financial_year_key;
