-- severity: warn
-- inputs:   staging.ledger_voucher, staging.ledger_row
-- why:      all rows were struck, or there never was one; kept, because its number belongs to the
--           series
with

counted as (

    select
        organization_id,
        financial_year_id,
        voucher_series,
        voucher_number,
        voucher_ordinal
    from staging.ledger_row
    where not is_struck
    group by
        organization_id,
        financial_year_id,
        voucher_series,
        voucher_number,
        voucher_ordinal

)

select
    ledger_voucher.organization_id,
    'voucher has no row that counts' as reason,
    jsonb_build_object(
        'financial_year_id', ledger_voucher.financial_year_id,
        'voucher', concat_ws(' ', ledger_voucher.voucher_series, ledger_voucher.voucher_number),
        'date', ledger_voucher.voucher_date
    ) as detail
from staging.ledger_voucher as ledger_voucher
left join counted
    on
        ledger_voucher.organization_id = counted.organization_id
        and ledger_voucher.financial_year_id = counted.financial_year_id
        and ledger_voucher.voucher_series = counted.voucher_series
        and ledger_voucher.voucher_number = counted.voucher_number
        and ledger_voucher.voucher_ordinal = counted.voucher_ordinal
where counted.organization_id is null;
