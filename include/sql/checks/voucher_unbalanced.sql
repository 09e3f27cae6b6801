-- severity: warn
-- inputs:   mart.fct_ledger_row, mart.dim_financial_year
-- why:      debit is not credit in the source; the balance sheet carries the sum on its line
--           Obalanserade verifikationer
select
    ledger_row.organization_id,
    'voucher does not balance' as reason,
    jsonb_build_object(
        'financial_year', financial_year.financial_year_label,
        'voucher', concat_ws(' ', ledger_row.voucher_series, ledger_row.voucher_number),
        'date', ledger_row.voucher_date,
        'difference', sum(ledger_row.amount)
    ) as detail
from mart.fct_ledger_row as ledger_row
inner join mart.dim_financial_year as financial_year
    on
        ledger_row.organization_id = financial_year.organization_id
        and ledger_row.financial_year_key = financial_year.financial_year_key
group by
    ledger_row.organization_id,
    financial_year.financial_year_label,
    ledger_row.voucher_series,
    ledger_row.voucher_number,
    ledger_row.voucher_ordinal,
    ledger_row.voucher_date
having sum(ledger_row.amount) <> 0;
