-- severity: warn
-- inputs:   mart.unbalanced_voucher, mart.dim_financial_year
-- why:      debit is not credit in the source; the statements carry the sum on their line
--           Obalanserade verifikationer
select
    unbalanced.organization_id,
    'voucher does not balance' as reason,
    jsonb_build_object(
        'financial_year', financial_year.financial_year_label,
        'voucher', concat_ws(' ', unbalanced.voucher_series, unbalanced.voucher_number),
        'date', unbalanced.voucher_date,
        'difference', unbalanced.difference_amount
    ) as detail
from mart.unbalanced_voucher as unbalanced
inner join mart.dim_financial_year as financial_year
    on
        unbalanced.organization_id = financial_year.organization_id
        and unbalanced.financial_year_key = financial_year.financial_year_key;
