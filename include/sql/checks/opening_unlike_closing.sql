-- severity: warn
-- inputs:   mart.trial_balance, mart.dim_financial_year, mart.dim_account
-- why:      a year opens with what the year before closed with, unless somebody booked in the old
--           year after the balances were carried over, or typed them. The old year's unbooked
--           result may come on 2099 (2019 for a sole trader) without having been booked there
with

year_pair as (

    select
        organization_id,
        financial_year_key,
        previous_financial_year_key,
        financial_year_label
    from mart.dim_financial_year
    where has_ledger

),

unbooked_result as (

    select
        trial_balance.organization_id,
        trial_balance.financial_year_key,
        sum(trial_balance.closing_balance) as amount
    from mart.trial_balance as trial_balance
    inner join mart.dim_account as dim_account
        on
            trial_balance.organization_id = dim_account.organization_id
            and trial_balance.account_key = dim_account.account_key
            and dim_account.is_result_account
    group by trial_balance.organization_id, trial_balance.financial_year_key

),

closing as (

    select
        year_pair.organization_id,
        year_pair.financial_year_key,
        trial_balance.account_key,
        trial_balance.closing_balance - trial_balance.rolled_amount as closing_balance
    from year_pair
    inner join mart.trial_balance as trial_balance
        on
            year_pair.organization_id = trial_balance.organization_id
            and year_pair.previous_financial_year_key = trial_balance.financial_year_key

),

opening as (

    select
        trial_balance.organization_id,
        trial_balance.financial_year_key,
        trial_balance.account_key,
        trial_balance.opening_balance - trial_balance.rolled_amount as opening_balance
    from mart.trial_balance as trial_balance
    inner join year_pair
        on
            trial_balance.organization_id = year_pair.organization_id
            and trial_balance.financial_year_key = year_pair.financial_year_key
    inner join year_pair as previous_year
        on
            year_pair.organization_id = previous_year.organization_id
            and year_pair.previous_financial_year_key = previous_year.financial_year_key

),

compared as (

    select
        coalesce(opening.organization_id, closing.organization_id) as organization_id,
        coalesce(opening.financial_year_key, closing.financial_year_key) as financial_year_key,
        coalesce(opening.account_key, closing.account_key) as account_key,
        coalesce(opening.opening_balance, 0) as opening_balance,
        coalesce(closing.closing_balance, 0) as closing_balance
    from opening
    full outer join closing
        on
            opening.organization_id = closing.organization_id
            and opening.financial_year_key = closing.financial_year_key
            and opening.account_key = closing.account_key

)

select
    compared.organization_id,
    'account does not open with what it closed with' as reason,
    jsonb_build_object(
        'financial_year', year_pair.financial_year_label,
        'account', dim_account.account_label,
        'closing_of_year_before', compared.closing_balance,
        'opening', compared.opening_balance,
        'difference', compared.opening_balance - compared.closing_balance
    ) as detail
from compared
inner join year_pair
    on
        compared.organization_id = year_pair.organization_id
        and compared.financial_year_key = year_pair.financial_year_key
inner join mart.dim_account as dim_account
    on
        compared.organization_id = dim_account.organization_id
        and compared.account_key = dim_account.account_key
left join unbooked_result
    on
        year_pair.organization_id = unbooked_result.organization_id
        and year_pair.previous_financial_year_key = unbooked_result.financial_year_key
where
    not dim_account.is_result_account
    and compared.opening_balance <> compared.closing_balance
    and not (
        dim_account.account_number in ('2019', '2099')
        and compared.opening_balance - compared.closing_balance = unbooked_result.amount
    );
