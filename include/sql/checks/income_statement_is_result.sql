-- severity: stop
-- inputs:   mart.fct_account_balance_period, mart.dim_account, mart.dim_fiscal_period,
--           mart.dim_financial_year, mart.income_statement, mart.balance_sheet,
--           mart.dim_statement_line
-- why:      the result is the movement of 3000-8989, its lines are those of the accounts mapped to
--           them and sum to it, and it is what the balance sheet's calculated result changed by,
--           but for what was booked on 8990-8999
with

booked as (

    select
        balance.organization_id,
        balance.fiscal_period_key,
        -coalesce(sum(balance.net_amount) filter (
            where dim_account.is_result_account and not dim_account.is_closing_account
        ), 0) as result_amount,
        -coalesce(sum(balance.net_amount) filter (
            where dim_account.is_closing_account
        ), 0) as closing_account_amount
    from mart.fct_account_balance_period as balance
    inner join mart.dim_account as dim_account
        on
            balance.organization_id = dim_account.organization_id
            and balance.account_key = dim_account.account_key
    group by balance.organization_id, balance.fiscal_period_key

),

shown as (

    select
        income.organization_id,
        income.fiscal_period_key,
        sum(income.amount) filter (
            where statement_line.line_code = 'net_result'
        ) as result_amount,
        sum(income.year_to_date_amount) filter (
            where statement_line.line_code = 'net_result'
        ) as result_to_date_amount,
        coalesce(sum(income.amount) filter (
            where statement_line.kind = 'line'
        ), 0) as line_sum,
        coalesce(sum(income.year_to_date_amount) filter (
            where statement_line.kind = 'line'
        ), 0) as line_to_date_sum
    from mart.income_statement as income
    inner join mart.dim_statement_line as statement_line
        on income.statement_line_key = statement_line.statement_line_key
    group by income.organization_id, income.fiscal_period_key

),

calculated as (

    select
        sheet.organization_id,
        sheet.fiscal_period_key,
        sheet.change_amount
    from mart.balance_sheet as sheet
    inner join mart.dim_statement_line as statement_line
        on
            sheet.statement_line_key = statement_line.statement_line_key
            and statement_line.line_code = 'calculated_result'

),

booked_line as (

    select
        balance.organization_id,
        balance.fiscal_period_key,
        statement_line.statement_line_key,
        statement_line.sign * sum(balance.net_amount) as amount
    from mart.fct_account_balance_period as balance
    inner join mart.dim_statement_line as statement_line
        on
            balance.statement_line_key = statement_line.statement_line_key
            and statement_line.statement_code = 'income_statement'
    group by
        balance.organization_id,
        balance.fiscal_period_key,
        statement_line.statement_line_key,
        statement_line.sign

),

shown_line as (

    select
        income.organization_id,
        income.fiscal_period_key,
        income.statement_line_key,
        income.amount
    from mart.income_statement as income
    inner join mart.dim_statement_line as statement_line
        on
            income.statement_line_key = statement_line.statement_line_key
            and statement_line.kind = 'line'

),

compared as (

    select
        fiscal_period.organization_id,
        fiscal_period.label_sv,
        shown.result_amount as shown_amount,
        shown.result_to_date_amount as shown_to_date_amount,
        shown.line_sum,
        shown.line_to_date_sum,
        calculated.change_amount,
        coalesce(booked.result_amount, 0) as booked_amount,
        coalesce(booked.closing_account_amount, 0) as closing_account_amount,
        coalesce(sum(booked.result_amount) over (
            partition by fiscal_period.organization_id, fiscal_period.financial_year_key
            order by fiscal_period.period_number
        ), 0) as booked_to_date_amount
    from mart.dim_fiscal_period as fiscal_period
    inner join mart.dim_financial_year as financial_year
        on
            fiscal_period.organization_id = financial_year.organization_id
            and fiscal_period.financial_year_key = financial_year.financial_year_key
            and financial_year.has_ledger
    left join booked
        on
            fiscal_period.organization_id = booked.organization_id
            and fiscal_period.fiscal_period_key = booked.fiscal_period_key
    left join shown
        on
            fiscal_period.organization_id = shown.organization_id
            and fiscal_period.fiscal_period_key = shown.fiscal_period_key
    left join calculated
        on
            fiscal_period.organization_id = calculated.organization_id
            and fiscal_period.fiscal_period_key = calculated.fiscal_period_key

)

select
    organization_id,
    'result of the income statement is not that of the books' as reason,
    jsonb_build_object(
        'period', label_sv,
        'result', shown_amount,
        'accounts_3000_to_8989', booked_amount,
        'lines', line_sum,
        'calculated_result_changed', change_amount,
        'booked_on_8990_to_8999', closing_account_amount
    ) as detail
from compared
where
    shown_amount is distinct from booked_amount
    or shown_to_date_amount is distinct from booked_to_date_amount
    or shown_amount is distinct from line_sum
    or shown_to_date_amount is distinct from line_to_date_sum
    or shown_amount + closing_account_amount is distinct from change_amount
union all
select
    coalesce(booked_line.organization_id, shown_line.organization_id) as organization_id,
    'line is not the movement of its accounts' as reason,
    jsonb_build_object(
        'fiscal_period_key',
        coalesce(booked_line.fiscal_period_key, shown_line.fiscal_period_key),
        'statement_line_key',
        coalesce(booked_line.statement_line_key, shown_line.statement_line_key),
        'accounts', booked_line.amount,
        'line', shown_line.amount
    ) as detail
from booked_line
full outer join shown_line
    on
        booked_line.organization_id = shown_line.organization_id
        and booked_line.fiscal_period_key = shown_line.fiscal_period_key
        and booked_line.statement_line_key = shown_line.statement_line_key
where coalesce(booked_line.amount, 0) <> coalesce(shown_line.amount, 0);
