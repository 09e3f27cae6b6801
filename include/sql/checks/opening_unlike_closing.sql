-- severity: warn
-- inputs:   mart.year_continuity, mart.dim_financial_year, mart.dim_account
-- why:      a year opens with what the year before closed with, unless somebody booked in the old
--           year after the balances were carried over, or typed them
select
    continuity.organization_id,
    'account does not open with what it closed with' as reason,
    jsonb_build_object(
        'financial_year', financial_year.financial_year_label,
        'account', dim_account.account_label,
        'closing_of_year_before', continuity.former_closing_balance,
        'opening', continuity.opening_balance,
        'difference', continuity.difference_amount
    ) as detail
from mart.year_continuity as continuity
inner join mart.dim_financial_year as financial_year
    on
        continuity.organization_id = financial_year.organization_id
        and continuity.financial_year_key = financial_year.financial_year_key
inner join mart.dim_account as dim_account
    on
        continuity.organization_id = dim_account.organization_id
        and continuity.account_key = dim_account.account_key
where
    continuity.difference_amount <> 0
    and not continuity.is_result_carried;
