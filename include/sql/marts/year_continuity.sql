-- grain:  organization x financial year whose year before has a ledger too x account of either
-- key:    organization_id, financial_year_key, account_key
-- inputs: trial_balance, dim_account, dim_financial_year
-- why:    whether a year opens with what the year before closed with, as the files state it
--         (whatever the organization's policy makes of it). Accounts of the income statement begin
--         anew. The old year's unbooked result may come on 2099 (2019 for a sole trader) without
--         having been booked there: is_result_carried
create table mart.year_continuity (
    organization_id bigint not null,
    financial_year_key bigint not null,
    account_key bigint not null,
    former_closing_balance numeric(18, 2) not null,
    opening_balance numeric(18, 2) not null,
    difference_amount numeric(18, 2) not null,
    is_result_carried boolean not null,
    primary key (organization_id, financial_year_key, account_key)
);

insert into mart.year_continuity (
    organization_id, financial_year_key, account_key, former_closing_balance, opening_balance,
    difference_amount, is_result_carried
)
with

year_pair as (

    select
        financial_year.organization_id,
        financial_year.financial_year_key,
        former_year.financial_year_key as former_financial_year_key
    from mart.dim_financial_year as financial_year
    inner join mart.dim_financial_year as former_year
        on
            financial_year.organization_id = former_year.organization_id
            and financial_year.previous_financial_year_key = former_year.financial_year_key
            and former_year.has_ledger
    where financial_year.has_ledger

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

either_side as (

    select
        year_pair.organization_id,
        year_pair.financial_year_key,
        year_pair.former_financial_year_key,
        trial_balance.account_key,
        0 as former_closing_balance,
        trial_balance.opening_balance - trial_balance.rolled_amount as opening_balance
    from year_pair
    inner join mart.trial_balance as trial_balance
        on
            year_pair.organization_id = trial_balance.organization_id
            and year_pair.financial_year_key = trial_balance.financial_year_key
    union all
    select
        year_pair.organization_id,
        year_pair.financial_year_key,
        year_pair.former_financial_year_key,
        trial_balance.account_key,
        trial_balance.closing_balance - trial_balance.rolled_amount as former_closing_balance,
        0 as opening_balance
    from year_pair
    inner join mart.trial_balance as trial_balance
        on
            year_pair.organization_id = trial_balance.organization_id
            and year_pair.former_financial_year_key = trial_balance.financial_year_key

),

compared as (

    select
        organization_id,
        financial_year_key,
        former_financial_year_key,
        account_key,
        sum(former_closing_balance) as former_closing_balance,
        sum(opening_balance) as opening_balance,
        sum(opening_balance) - sum(former_closing_balance) as difference_amount
    from either_side
    group by organization_id, financial_year_key, former_financial_year_key, account_key

),

final as (

    select
        -- keys
        compared.organization_id,
        compared.financial_year_key,
        compared.account_key,

        -- measures
        compared.former_closing_balance,
        compared.opening_balance,
        compared.difference_amount,

        -- flags
        coalesce(
            dim_account.account_number in ('2019', '2099')
            and compared.difference_amount = unbooked_result.amount,
            false
        ) as is_result_carried
    from compared
    inner join mart.dim_account as dim_account
        on
            compared.organization_id = dim_account.organization_id
            and compared.account_key = dim_account.account_key
            and not dim_account.is_result_account
    left join unbooked_result
        on
            compared.organization_id = unbooked_result.organization_id
            and compared.former_financial_year_key = unbooked_result.financial_year_key

)

select * from final;
