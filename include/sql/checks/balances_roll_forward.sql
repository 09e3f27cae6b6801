-- severity: stop
-- inputs:   landing.ledger_balance, control.statement_policy, mart.fct_account_balance_period,
--           mart.dim_fiscal_period, mart.dim_financial_year, mart.dim_account
-- why:      a year opens with the file's #IB (where the organization's policy is rolled, a balance
--           account with the former year's closing), each period with the former one's closing,
--           and no period of an account is missing
with

opening as (

    select
        ledger_balance.organization_id,
        financial_year.financial_year_key,
        dim_account.account_key,
        round(ledger_balance.amount, 2) as amount
    from landing.ledger_balance as ledger_balance
    inner join mart.dim_financial_year as financial_year
        on
            ledger_balance.organization_id = financial_year.organization_id
            and ledger_balance.financial_year_id = financial_year.financial_year_id
    inner join mart.dim_account as dim_account
        on
            ledger_balance.organization_id = dim_account.organization_id
            and ledger_balance.account_number = dim_account.account_number
    where
        ledger_balance.balance_kind = 'IB'
        and ledger_balance.year_index = 0

),

balance_in_row as (

    select
        balance.organization_id,
        balance.financial_year_key,
        balance.account_key,
        balance.opening_balance,
        balance.debit_amount,
        balance.credit_amount,
        balance.net_amount,
        balance.closing_balance,
        fiscal_period.period_number,
        row_number() over of_year as place,
        lag(balance.closing_balance) over of_year as previous_closing_balance,
        count(*) over (
            partition by
                balance.organization_id,
                balance.financial_year_key,
                balance.account_key
        ) as period_count
    from mart.fct_account_balance_period as balance
    inner join mart.dim_fiscal_period as fiscal_period
        on
            balance.organization_id = fiscal_period.organization_id
            and balance.fiscal_period_key = fiscal_period.fiscal_period_key
    window of_year as (
        partition by
            balance.organization_id,
            balance.financial_year_key,
            balance.account_key
        order by fiscal_period.period_number
    )

),

-- the years that open with what the year before closed with
rolled_year as (

    select
        financial_year.organization_id,
        financial_year.financial_year_key,
        previous_year.financial_year_key as previous_financial_year_key
    from mart.dim_financial_year as financial_year
    inner join control.statement_policy as statement_policy
        on
            financial_year.organization_id = statement_policy.organization_id
            and statement_policy.opening_policy = 'rolled'
    inner join mart.dim_financial_year as previous_year
        on
            financial_year.organization_id = previous_year.organization_id
            and financial_year.previous_financial_year_key = previous_year.financial_year_key
            and previous_year.has_ledger

),

former_closing as (

    select
        rolled_year.organization_id,
        rolled_year.financial_year_key,
        balance.account_key,
        balance.closing_balance
    from rolled_year
    inner join mart.fct_account_balance_period as balance
        on
            rolled_year.organization_id = balance.organization_id
            and rolled_year.previous_financial_year_key = balance.financial_year_key
    inner join mart.dim_fiscal_period as fiscal_period
        on
            balance.organization_id = fiscal_period.organization_id
            and balance.fiscal_period_key = fiscal_period.fiscal_period_key
            and fiscal_period.is_last

),

year_length as (

    select
        organization_id,
        financial_year_key,
        count(*) as period_count
    from mart.dim_fiscal_period
    group by organization_id, financial_year_key

),

failing as (

    select
        balance_in_row.organization_id,
        balance_in_row.financial_year_key,
        balance_in_row.account_key,
        balance_in_row.period_number,
        balance_in_row.opening_balance,
        balance_in_row.net_amount,
        balance_in_row.closing_balance,
        case
            when balance_in_row.period_count <> year_length.period_count
                then 'account lacks a period of its year'
            when
                balance_in_row.closing_balance
                <> balance_in_row.opening_balance + balance_in_row.net_amount
                then 'closing is not opening and movement'
            when
                balance_in_row.net_amount
                <> balance_in_row.debit_amount - balance_in_row.credit_amount
                then 'movement is not debit less credit'
            when
                balance_in_row.place = 1
                and rolled_year.organization_id is not null
                and dim_account.is_balance_account
                and dim_account.account_number not in ('2019', '2099')
                and balance_in_row.opening_balance <> coalesce(former_closing.closing_balance, 0)
                then 'year does not open with the former year''s closing'
            when
                balance_in_row.place = 1
                and (rolled_year.organization_id is null or dim_account.is_outside_chart)
                and balance_in_row.opening_balance <> coalesce(opening.amount, 0)
                then 'year does not open with the #IB of the file'
            when
                balance_in_row.place > 1
                and balance_in_row.opening_balance <> balance_in_row.previous_closing_balance
                then 'opening is not the former period''s closing'
        end as reason
    from balance_in_row
    inner join year_length
        on
            balance_in_row.organization_id = year_length.organization_id
            and balance_in_row.financial_year_key = year_length.financial_year_key
    left join opening
        on
            balance_in_row.organization_id = opening.organization_id
            and balance_in_row.financial_year_key = opening.financial_year_key
            and balance_in_row.account_key = opening.account_key
    left join rolled_year
        on
            balance_in_row.organization_id = rolled_year.organization_id
            and balance_in_row.financial_year_key = rolled_year.financial_year_key
    left join former_closing
        on
            balance_in_row.organization_id = former_closing.organization_id
            and balance_in_row.financial_year_key = former_closing.financial_year_key
            and balance_in_row.account_key = former_closing.account_key
    left join mart.dim_account as dim_account
        on
            balance_in_row.organization_id = dim_account.organization_id
            and balance_in_row.account_key = dim_account.account_key

)

select
    failing.organization_id,
    failing.reason,
    jsonb_build_object(
        'financial_year', financial_year.financial_year_label,
        'period', failing.period_number,
        'account', dim_account.account_number,
        'opening', failing.opening_balance,
        'movement', failing.net_amount,
        'closing', failing.closing_balance
    ) as detail
from failing
left join mart.dim_financial_year as financial_year
    on
        failing.organization_id = financial_year.organization_id
        and failing.financial_year_key = financial_year.financial_year_key
left join mart.dim_account as dim_account
    on
        failing.organization_id = dim_account.organization_id
        and failing.account_key = dim_account.account_key
where failing.reason is not null
union all
select
    opening.organization_id,
    'account with an #IB has no balances' as reason,
    jsonb_build_object('account', dim_account.account_number, 'opening', opening.amount) as detail
from opening
left join mart.dim_account as dim_account
    on
        opening.organization_id = dim_account.organization_id
        and opening.account_key = dim_account.account_key
left join balance_in_row
    on
        opening.organization_id = balance_in_row.organization_id
        and opening.financial_year_key = balance_in_row.financial_year_key
        and opening.account_key = balance_in_row.account_key
where
    opening.amount <> 0
    and balance_in_row.organization_id is null;
