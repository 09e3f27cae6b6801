-- severity: warn
-- inputs:   staging.ledger_voucher
-- why:      two vouchers of one year with the same series and number; both count
select
    organization_id,
    'voucher number occurs more than once' as reason,
    jsonb_build_object(
        'financial_year_id', financial_year_id,
        'voucher', concat_ws(' ', voucher_series, voucher_number),
        'times', max(voucher_ordinal)
    ) as detail
from staging.ledger_voucher
where voucher_ordinal > 1
group by organization_id, financial_year_id, voucher_series, voucher_number;
