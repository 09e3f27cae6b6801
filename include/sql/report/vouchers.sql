-- why: the newest vouchers until the end of the month, bounded, so that the report stays small
with

chosen as (

    select *
    from mart.dim_fiscal_period
    where fiscal_period_key = %(period)s

),

newest as (

    select
        ledger_row.organization_id,
        ledger_row.financial_year_key,
        ledger_row.voucher_series,
        ledger_row.voucher_number,
        ledger_row.voucher_ordinal,
        max(ledger_row.voucher_date) as voucher_date,
        max(ledger_row.registration_date) as registration_date
    from mart.fct_ledger_row as ledger_row
    inner join chosen
        on
            ledger_row.organization_id = chosen.organization_id
            and ledger_row.fiscal_period_key = chosen.fiscal_period_key
    group by
        ledger_row.organization_id,
        ledger_row.financial_year_key,
        ledger_row.voucher_series,
        ledger_row.voucher_number,
        ledger_row.voucher_ordinal
    order by
        max(ledger_row.voucher_date) desc,
        max(ledger_row.registration_date) desc nulls last,
        ledger_row.voucher_series asc,
        length(ledger_row.voucher_number) desc,
        ledger_row.voucher_number desc
    limit 40

)

select
    newest.voucher_date,
    newest.voucher_series || ' ' || newest.voucher_number as voucher,
    max(ledger_row.voucher_text) as about,
    sum(ledger_row.debit_amount) as amount,
    array_agg(dim_account.account_label order by ledger_row.row_number) as accounts,
    array_agg(ledger_row.amount order by ledger_row.row_number) as amounts
from newest
inner join mart.fct_ledger_row as ledger_row
    on
        newest.organization_id = ledger_row.organization_id
        and newest.financial_year_key = ledger_row.financial_year_key
        and newest.voucher_series = ledger_row.voucher_series
        and newest.voucher_number = ledger_row.voucher_number
        and newest.voucher_ordinal = ledger_row.voucher_ordinal
inner join mart.dim_account as dim_account
    on
        ledger_row.organization_id = dim_account.organization_id
        and ledger_row.account_key = dim_account.account_key
group by
    newest.voucher_date,
    newest.registration_date,
    newest.voucher_series,
    newest.voucher_number,
    newest.voucher_ordinal
order by
    newest.voucher_date desc,
    newest.registration_date desc nulls last,
    newest.voucher_series asc,
    length(newest.voucher_number) desc,
    newest.voucher_number desc
