-- severity: warn
-- inputs:   staging.account_used, staging.ledger_account
-- why:      used in vouchers or balances without an #KONTO in the file; it has no name
select
    account_used.organization_id,
    'account is used and not declared' as reason,
    jsonb_build_object(
        'financial_year_id', account_used.financial_year_id,
        'account', account_used.account_number
    ) as detail
from staging.account_used as account_used
left join staging.ledger_account as ledger_account
    on
        account_used.organization_id = ledger_account.organization_id
        and account_used.financial_year_id = ledger_account.financial_year_id
        and account_used.account_number = ledger_account.account_number
where ledger_account.organization_id is null;
