-- severity: warn
-- inputs:   staging.ledger_voucher
-- why:      a gap in a series is a voucher deleted or never sent; that the last ones are missing
--           only the balances show (closing_as_file_states)
with

voucher_in_row as (

    select
        organization_id,
        financial_year_id,
        voucher_series,
        voucher_number::numeric as number_value,
        lead(voucher_number::numeric) over (
            partition by organization_id, financial_year_id, voucher_series
            order by voucher_number::numeric
        ) as next_number_value
    from staging.ledger_voucher
    where voucher_number ~ '^[0-9]+$'

)

select
    organization_id,
    'voucher numbers are missing in a series' as reason,
    jsonb_build_object(
        'financial_year_id', financial_year_id,
        'series', voucher_series,
        'after', number_value,
        'before', next_number_value,
        'missing', next_number_value - number_value - 1
    ) as detail
from voucher_in_row
where next_number_value > number_value + 1;
