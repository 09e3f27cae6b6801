-- severity: warn
-- inputs:   staging.ledger_row, staging.ledger_balance, staging.ledger_account
-- why:      used in vouchers or balances without an #KONTO in the file; it has no name. An account
--           with struck rows only counts nothing and is not asked for
with

counted as (

    select
        organization_id,
        financial_year_id,
        account_number
    from staging.ledger_row
    where not is_struck
    union distinct
    select
        organization_id,
        financial_year_id,
        account_number
    from staging.ledger_balance
    where amount <> 0

)

select
    counted.organization_id,
    'account is used and not declared' as reason,
    jsonb_build_object(
        'financial_year_id', counted.financial_year_id,
        'account', counted.account_number
    ) as detail
from counted
left join staging.ledger_account as ledger_account
    on
        counted.organization_id = ledger_account.organization_id
        and counted.financial_year_id = ledger_account.financial_year_id
        and counted.account_number = ledger_account.account_number
where ledger_account.organization_id is null;
