-- purpose: gives way for Fortnox's own ledger: a year of a file that it overlaps is no ledger any
--          more
-- why:     its vouchers are closed and its bytes are kept: what it was can still be read
with

replaced as (

    delete from landing.ledger_year
    where
        organization_id = control.current_organization_id()
        and financial_year_id < 0
        and start_date <= %(end_date)s
        and end_date >= %(start_date)s
    returning organization_id, financial_year_id

),

closed_voucher as (

    update landing.voucher
    set valid_to = now()
    from replaced
    where
        voucher.organization_id = replaced.organization_id
        and voucher.financial_year_id = replaced.financial_year_id
        and voucher.valid_to = 'infinity'

),

closed_row as (

    update landing.voucher_row
    set valid_to = now()
    from replaced
    where
        voucher_row.organization_id = replaced.organization_id
        and voucher_row.financial_year_id = replaced.financial_year_id
        and voucher_row.valid_to = 'infinity'

),

superseded_file as (

    update landing.sie_file
    set is_newest = false
    from replaced
    where
        sie_file.organization_id = replaced.organization_id
        and sie_file.financial_year_id = replaced.financial_year_id
        and sie_file.is_newest

),

gone_account as (

    delete from landing.ledger_account
    using replaced
    where
        ledger_account.organization_id = replaced.organization_id
        and ledger_account.financial_year_id = replaced.financial_year_id

),

gone_object as (

    delete from landing.ledger_object
    using replaced
    where
        ledger_object.organization_id = replaced.organization_id
        and ledger_object.financial_year_id = replaced.financial_year_id

),

gone_balance as (

    delete from landing.ledger_balance
    using replaced
    where
        ledger_balance.organization_id = replaced.organization_id
        and ledger_balance.financial_year_id = replaced.financial_year_id

)

select financial_year_id from replaced
