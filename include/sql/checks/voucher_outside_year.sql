-- severity: warn
-- inputs:   staging.ledger_voucher, staging.financial_year
-- why:      it counts in the nearest period of the year whose file it is in
select
    ledger_voucher.organization_id,
    'voucher is dated outside its financial year' as reason,
    jsonb_build_object(
        'voucher', concat_ws(' ', ledger_voucher.voucher_series, ledger_voucher.voucher_number),
        'date', ledger_voucher.voucher_date,
        'year_start', financial_year.start_date,
        'year_end', financial_year.end_date
    ) as detail
from staging.ledger_voucher as ledger_voucher
inner join staging.financial_year as financial_year
    on
        ledger_voucher.organization_id = financial_year.organization_id
        and ledger_voucher.financial_year_id = financial_year.financial_year_id
where
    ledger_voucher.voucher_date
    not between financial_year.start_date and financial_year.end_date;
