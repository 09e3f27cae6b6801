-- purpose: the warehouse's three figures that Power BI's must be, of the newest period begun by
--          today; nothing where there is no such period
select
    balance_sheet.closing_amount as total_assets,
    income_statement.year_to_date_amount as net_result,
    coalesce(receivable.open_amount, 0) as receivables
from mart.as_of
inner join mart.dim_fiscal_period as fiscal_period
    on
        as_of.organization_id = fiscal_period.organization_id
        and as_of.fiscal_period_key = fiscal_period.fiscal_period_key
inner join mart.dim_statement_line as total_assets
    on total_assets.line_code = 'total_assets'
inner join mart.dim_statement_line as net_result
    on net_result.line_code = 'net_result'
left join mart.balance_sheet as balance_sheet
    on
        as_of.organization_id = balance_sheet.organization_id
        and as_of.fiscal_period_key = balance_sheet.fiscal_period_key
        and total_assets.statement_line_key = balance_sheet.statement_line_key
left join mart.income_statement as income_statement
    on
        as_of.organization_id = income_statement.organization_id
        and as_of.fiscal_period_key = income_statement.fiscal_period_key
        and net_result.statement_line_key = income_statement.statement_line_key
left join lateral (
    select sum(movement.amount) as open_amount
    from mart.fct_subledger_movement as movement
    where
        movement.organization_id = as_of.organization_id
        and movement.side = 'receivable'
        and movement.movement_date <= least(
            as_of.as_of_date,
            (
                select max(last_period.end_date)
                from mart.dim_fiscal_period as last_period
                where last_period.organization_id = as_of.organization_id
            )
        )
) as receivable on true
