-- severity: stop
-- inputs:   landing.ledger_balance, landing.ledger_year, mart.trial_balance,
--           mart.dim_financial_year, mart.dim_account
-- why:      the books come to what the SIE file says they come to: #UB for accounts of class 1-2
--           and those with #IB or #UB, #RES for those with #RES and all others. Excused is what the
--           file itself contradicts, as counted from its bytes when it landed
--           (file_contradicts_itself)
with

stated as (

    select
        organization_id,
        financial_year_id,
        account_number,
        count(*) filter (where balance_kind in ('IB', 'UB')) > 0 as has_balance,
        count(*) filter (where balance_kind = 'RES') > 0 as has_result,
        round(coalesce(sum(amount) filter (where balance_kind = 'UB'), 0), 2) as closing_amount,
        round(coalesce(sum(amount) filter (where balance_kind = 'RES'), 0), 2) as result_amount
    from landing.ledger_balance
    where
        year_index = 0
        and balance_kind in ('IB', 'UB', 'RES')
    group by organization_id, financial_year_id, account_number

),

stated_kind as (

    select
        organization_id,
        financial_year_id,
        count(*) filter (where balance_kind = 'UB') > 0 as has_closing,
        count(*) filter (where balance_kind = 'RES') > 0 as has_result
    from landing.ledger_balance
    where year_index = 0
    group by organization_id, financial_year_id

),

built as (

    select
        trial_balance.organization_id,
        financial_year.financial_year_id,
        dim_account.account_number,
        trial_balance.closing_balance - trial_balance.rolled_amount as closing_balance,
        trial_balance.net_amount
    from mart.trial_balance as trial_balance
    inner join mart.dim_financial_year as financial_year
        on
            trial_balance.organization_id = financial_year.organization_id
            and trial_balance.financial_year_key = financial_year.financial_year_key
    inner join mart.dim_account as dim_account
        on
            trial_balance.organization_id = dim_account.organization_id
            and trial_balance.account_key = dim_account.account_key

),

paired as (

    select
        coalesce(stated.organization_id, built.organization_id) as organization_id,
        coalesce(stated.financial_year_id, built.financial_year_id) as financial_year_id,
        coalesce(stated.account_number, built.account_number) as account_number,
        coalesce(stated.has_result, false) as has_result,
        coalesce(stated.closing_amount, 0) as stated_closing,
        coalesce(stated.result_amount, 0) as stated_result,
        coalesce(built.closing_balance, 0) as built_closing,
        coalesce(built.net_amount, 0) as built_result,
        coalesce(stated.has_balance, false)
        or coalesce(stated.account_number, built.account_number) ~ '^[12]' as has_balance
    from stated
    full outer join built
        on
            stated.organization_id = built.organization_id
            and stated.financial_year_id = built.financial_year_id
            and stated.account_number = built.account_number

),

compared as (

    select
        paired.organization_id,
        paired.financial_year_id,
        paired.account_number,
        'UB' as balance_kind,
        paired.stated_closing as stated_amount,
        paired.built_closing as built_amount
    from paired
    inner join stated_kind
        on
            paired.organization_id = stated_kind.organization_id
            and paired.financial_year_id = stated_kind.financial_year_id
    where
        stated_kind.has_closing
        and paired.has_balance
    union all
    select
        paired.organization_id,
        paired.financial_year_id,
        paired.account_number,
        'RES' as balance_kind,
        paired.stated_result as stated_amount,
        paired.built_result as built_amount
    from paired
    inner join stated_kind
        on
            paired.organization_id = stated_kind.organization_id
            and paired.financial_year_id = stated_kind.financial_year_id
    where
        stated_kind.has_result
        and (paired.has_result or not paired.has_balance)

),

contradiction as (

    select
        ledger_year.organization_id,
        ledger_year.financial_year_id,
        listed.item ->> 'account' as account_number,
        listed.item ->> 'kind' as balance_kind,
        case
            when pg_input_is_valid(listed.item ->> 'computed', 'numeric')
                then round((listed.item ->> 'computed')::numeric, 2)
        end as computed_amount
    from landing.ledger_year as ledger_year
    cross join lateral jsonb_array_elements(ledger_year.contradictions) as listed (item)

)

select
    compared.organization_id,
    'ledger does not come to what the file states' as reason,
    jsonb_build_object(
        'financial_year_id', compared.financial_year_id,
        'account', compared.account_number,
        'kind', '#' || compared.balance_kind,
        'stated', compared.stated_amount,
        'computed', compared.built_amount
    ) as detail
from compared
left join contradiction
    on
        compared.organization_id = contradiction.organization_id
        and compared.financial_year_id = contradiction.financial_year_id
        and compared.account_number = contradiction.account_number
        and compared.balance_kind = contradiction.balance_kind
        and compared.built_amount = contradiction.computed_amount
where
    compared.stated_amount <> compared.built_amount
    and contradiction.organization_id is null;
