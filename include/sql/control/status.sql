-- purpose: a line an organization for people: what the marts hold, their checks, the last refresh
-- why:     net sales and result are those of the newest financial year begun, the balance total
--          that of its newest period begun; of the checks, how many found nothing
with

voucher as (

    select
        organization_id,
        financial_year_key,
        voucher_series,
        voucher_number,
        voucher_ordinal,
        count(*) as ledger_rows
    from mart.fct_ledger_row
    group by
        organization_id, financial_year_key, voucher_series, voucher_number, voucher_ordinal

),

ledger as (

    select
        organization_id,
        count(*) as vouchers,
        sum(ledger_rows)::bigint as ledger_rows
    from voucher
    group by organization_id

),

result as (

    select
        income_statement.organization_id,
        income_statement.fiscal_period_key,
        max(
            case when line.line_code = 'net_sales' then income_statement.year_to_date_amount end
        ) as net_sales,
        max(
            case when line.line_code = 'net_result' then income_statement.year_to_date_amount end
        ) as net_result
    from mart.income_statement
    inner join mart.dim_statement_line as line
        on income_statement.statement_line_key = line.statement_line_key
    group by income_statement.organization_id, income_statement.fiscal_period_key

),

total as (

    select
        balance_sheet.organization_id,
        balance_sheet.fiscal_period_key,
        balance_sheet.closing_amount as balance_total
    from mart.balance_sheet
    inner join mart.dim_statement_line as line
        on balance_sheet.statement_line_key = line.statement_line_key
    where line.line_code = 'total_assets'

),

checks as (

    select
        organization_id,
        count(*) filter (where failing = 0) || ' of ' || count(*) as checks
    from control.check_result
    group by organization_id

)

select
    organization.organization_name,
    organization.dag_id,
    ledger.vouchers,
    ledger.ledger_rows,
    result.net_sales,
    result.net_result,
    total.balance_total,
    checks.checks,
    to_char(version.refreshed_at at time zone 'Europe/Stockholm', 'YYYY-MM-DD HH24:MI')
        as refreshed_at,
    coalesce(version_built.built >= version.landed, false) as is_built,
    coalesce(version.refreshed >= version_built.built, false) as is_refreshed
from control.organization
left join control.version on organization.organization_id = version.organization_id
left join control.version_built on organization.organization_id = version_built.organization_id
left join mart.as_of on organization.organization_id = as_of.organization_id
left join ledger on organization.organization_id = ledger.organization_id
left join result
    on
        as_of.organization_id = result.organization_id
        and as_of.fiscal_period_key = result.fiscal_period_key
left join total
    on
        as_of.organization_id = total.organization_id
        and as_of.fiscal_period_key = total.fiscal_period_key
left join checks on organization.organization_id = checks.organization_id
where organization.disconnected_at is null
order by organization.organization_id
