-- severity: warn
-- inputs:   mart.trial_balance, mart.dim_account, mart.dim_financial_year
-- why:      an account outside 1000-8999 is on no line of a statement; its balance is on the
--           balance sheet's line Konton utanför kontoplanen
select
    trial_balance.organization_id,
    'account is outside the chart' as reason,
    jsonb_build_object(
        'financial_year', financial_year.financial_year_label,
        'account', dim_account.account_label,
        'movement', trial_balance.net_amount,
        'closing', trial_balance.closing_balance
    ) as detail
from mart.trial_balance as trial_balance
inner join mart.dim_account as dim_account
    on
        trial_balance.organization_id = dim_account.organization_id
        and trial_balance.account_key = dim_account.account_key
        and dim_account.is_outside_chart
inner join mart.dim_financial_year as financial_year
    on
        trial_balance.organization_id = financial_year.organization_id
        and trial_balance.financial_year_key = financial_year.financial_year_key;
