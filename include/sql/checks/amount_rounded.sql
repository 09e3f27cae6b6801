-- severity: warn
-- inputs:   landing.voucher_row, landing.ledger_balance
-- why:      SIE allows two decimals (SIE 4B, section 5.9); more are rounded to the öre
select
    organization_id,
    'amount has more than two decimals' as reason,
    jsonb_build_object(
        'financial_year_id', financial_year_id,
        'voucher', concat_ws(' ', voucher_series, voucher_number),
        'row', row_number,
        'account', account_number,
        'amount', amount
    ) as detail
from landing.voucher_row
where
    valid_to = 'infinity'
    and amount <> round(amount, 2)
union all
select
    organization_id,
    'amount has more than two decimals' as reason,
    jsonb_build_object(
        'financial_year_id', financial_year_id,
        'kind', balance_kind,
        'account', account_number,
        'amount', amount
    ) as detail
from landing.ledger_balance
where
    year_index = 0
    and balance_kind in ('IB', 'UB', 'RES')
    and amount <> round(amount, 2);
