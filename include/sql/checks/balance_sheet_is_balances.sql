-- severity: stop
-- inputs:   mart.fct_account_balance_period, mart.dim_account, mart.balance_sheet,
--           mart.dim_statement_line
-- why:      the two sides could agree and both be wrong: assets are the accounts of class 1, the
--           calculated result those of classes 3-8, and each line the accounts mapped to it
with

booked as (

    select
        balance.organization_id,
        balance.fiscal_period_key,
        coalesce(sum(balance.closing_balance) filter (
            where dim_account.account_class = 1
        ), 0) as asset_amount,
        -coalesce(sum(balance.closing_balance) filter (
            where dim_account.is_result_account
        ), 0) as result_amount,
        -coalesce(sum(balance.closing_balance) filter (
            where dim_account.is_outside_chart
        ), 0) as outside_amount
    from mart.fct_account_balance_period as balance
    inner join mart.dim_account as dim_account
        on
            balance.organization_id = dim_account.organization_id
            and balance.account_key = dim_account.account_key
    group by balance.organization_id, balance.fiscal_period_key

),

booked_line as (

    select
        balance.organization_id,
        balance.fiscal_period_key,
        statement_line.statement_line_key,
        statement_line.sign * sum(balance.closing_balance) as closing_amount,
        statement_line.sign * sum(balance.net_amount) as change_amount
    from mart.fct_account_balance_period as balance
    inner join mart.dim_statement_line as statement_line
        on
            balance.statement_line_key = statement_line.statement_line_key
            and statement_line.statement_code = 'balance_sheet'
            and statement_line.kind = 'line'
    group by
        balance.organization_id,
        balance.fiscal_period_key,
        statement_line.statement_line_key,
        statement_line.sign

),

shown as (

    select
        sheet.organization_id,
        sheet.fiscal_period_key,
        sum(sheet.closing_amount) filter (
            where statement_line.line_code = 'total_assets'
        ) as asset_amount,
        sum(sheet.closing_amount) filter (
            where statement_line.line_code = 'calculated_result'
        ) as result_amount,
        sum(sheet.closing_amount) filter (
            where statement_line.line_code = 'accounts_outside_chart'
        ) as outside_amount
    from mart.balance_sheet as sheet
    inner join mart.dim_statement_line as statement_line
        on sheet.statement_line_key = statement_line.statement_line_key
    group by sheet.organization_id, sheet.fiscal_period_key

),

shown_line as (

    select
        sheet.organization_id,
        sheet.fiscal_period_key,
        sheet.statement_line_key,
        sheet.closing_amount,
        sheet.change_amount
    from mart.balance_sheet as sheet
    inner join mart.dim_statement_line as statement_line
        on
            sheet.statement_line_key = statement_line.statement_line_key
            and statement_line.kind = 'line'

)

select
    coalesce(booked.organization_id, shown.organization_id) as organization_id,
    'balance sheet is not the balances of its accounts' as reason,
    jsonb_build_object(
        'fiscal_period_key', coalesce(booked.fiscal_period_key, shown.fiscal_period_key),
        'assets', shown.asset_amount,
        'accounts_of_class_1', booked.asset_amount,
        'calculated_result', shown.result_amount,
        'accounts_of_classes_3_to_8', booked.result_amount,
        'outside_chart', shown.outside_amount,
        'accounts_outside_chart', booked.outside_amount
    ) as detail
from booked
full outer join shown
    on
        booked.organization_id = shown.organization_id
        and booked.fiscal_period_key = shown.fiscal_period_key
where
    coalesce(booked.asset_amount, 0) <> coalesce(shown.asset_amount, 0)
    or coalesce(booked.result_amount, 0) <> coalesce(shown.result_amount, 0)
    or coalesce(booked.outside_amount, 0) <> coalesce(shown.outside_amount, 0)
union all
select
    coalesce(booked_line.organization_id, shown_line.organization_id) as organization_id,
    'line is not the balances of its accounts' as reason,
    jsonb_build_object(
        'fiscal_period_key',
        coalesce(booked_line.fiscal_period_key, shown_line.fiscal_period_key),
        'statement_line_key',
        coalesce(booked_line.statement_line_key, shown_line.statement_line_key),
        'accounts', booked_line.closing_amount,
        'line', shown_line.closing_amount
    ) as detail
from booked_line
full outer join shown_line
    on
        booked_line.organization_id = shown_line.organization_id
        and booked_line.fiscal_period_key = shown_line.fiscal_period_key
        and booked_line.statement_line_key = shown_line.statement_line_key
where
    coalesce(booked_line.closing_amount, 0) <> coalesce(shown_line.closing_amount, 0)
    or coalesce(booked_line.change_amount, 0) <> coalesce(shown_line.change_amount, 0);
