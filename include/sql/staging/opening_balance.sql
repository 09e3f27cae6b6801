-- grain:  organization x financial year with a ledger x account that opens with a balance
-- key:    organization_id, financial_year_id, account_number
-- inputs: staging.ledger_balance, staging.ledger_row, staging.financial_year,
--         control.statement_policy
-- why:    what a year opens with. reported: the file's own #IB. rolled: what the year before closed
--         with, from the first year of an unbroken row of loaded years on; its result (3000-8999)
--         is then on 2099, or 2019 where the owner's accounts 2010-2018 are used. Accounts outside
--         1000-8999 open as reported under either
create view staging.opening_balance with (security_invoker = true) as
with

reported as (

    select
        organization_id,
        financial_year_id,
        account_number,
        amount
    from staging.ledger_balance
    where balance_kind = 'IB'

),

rolling_year as (

    select
        financial_year.organization_id,
        financial_year.financial_year_id,
        financial_year.start_date,
        sum(case when previous_year.organization_id is null then 1 else 0 end) over (
            partition by financial_year.organization_id
            order by financial_year.start_date, financial_year.financial_year_id
        ) as row_of_years,
        previous_year.organization_id is not null as is_rolled
    from staging.financial_year as financial_year
    inner join control.statement_policy as statement_policy
        on
            financial_year.organization_id = statement_policy.organization_id
            and statement_policy.opening_policy = 'rolled'
    left join staging.financial_year as previous_year
        on
            financial_year.organization_id = previous_year.organization_id
            and financial_year.start_date - 1 = previous_year.end_date
            and previous_year.has_ledger
    where financial_year.has_ledger

),

result_account as (

    select
        organization_id,
        case
            when bool_or(account_number between '2010' and '2018') then '2019'
            else '2099'
        end as account_number
    from reported
    group by organization_id

),

moved as (

    select
        ledger_row.organization_id,
        ledger_row.financial_year_id,
        ledger_row.account_number,
        sum(ledger_row.amount) as amount
    from staging.ledger_row as ledger_row
    inner join control.statement_policy as statement_policy
        on
            ledger_row.organization_id = statement_policy.organization_id
            and statement_policy.opening_policy = 'rolled'
    group by
        ledger_row.organization_id,
        ledger_row.financial_year_id,
        ledger_row.account_number
    union all
    select
        reported.organization_id,
        reported.financial_year_id,
        reported.account_number,
        reported.amount
    from reported
    inner join rolling_year
        on
            reported.organization_id = rolling_year.organization_id
            and reported.financial_year_id = rolling_year.financial_year_id
            and not rolling_year.is_rolled

),

carried as (

    select
        moved.organization_id,
        rolling_year.row_of_years,
        rolling_year.start_date,
        case
            when moved.account_number ~ '^[12]' then moved.account_number
            else coalesce(result_account.account_number, '2099')
        end as account_number,
        moved.amount
    from moved
    inner join rolling_year
        on
            moved.organization_id = rolling_year.organization_id
            and moved.financial_year_id = rolling_year.financial_year_id
    left join result_account on moved.organization_id = result_account.organization_id
    where moved.account_number ~ '^[1-8]'

)

select
    reported.organization_id,
    reported.financial_year_id,
    reported.account_number,
    reported.amount
from reported
left join rolling_year
    on
        reported.organization_id = rolling_year.organization_id
        and reported.financial_year_id = rolling_year.financial_year_id
        and rolling_year.is_rolled
where
    rolling_year.organization_id is null
    or reported.account_number !~ '^[1-8]'
union all
select
    rolling_year.organization_id,
    rolling_year.financial_year_id,
    carried.account_number,
    sum(carried.amount)::numeric(18, 2) as amount
from rolling_year
inner join carried
    on
        rolling_year.organization_id = carried.organization_id
        and rolling_year.row_of_years = carried.row_of_years
        and rolling_year.start_date > carried.start_date
where rolling_year.is_rolled
group by
    rolling_year.organization_id,
    rolling_year.financial_year_id,
    carried.account_number;
