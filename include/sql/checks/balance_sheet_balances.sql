-- severity: stop
-- inputs:   mart.balance_sheet, mart.dim_statement_line, mart.dim_fiscal_period,
--           mart.dim_financial_year
-- why:      total assets are total equity and liabilities to the öre, opening and closing, in every
--           period of every loaded year; the lines sum to these totals; each period opens with the
--           former one's closing
with

-- sign tells the two sides apart: assets are debit balances
side as (

    select
        fiscal_period.organization_id,
        fiscal_period.financial_year_key,
        fiscal_period.fiscal_period_key,
        fiscal_period.label_sv,
        coalesce(sum(sheet.closing_amount) filter (
            where statement_line.line_code = 'total_assets'
        ), 0) as asset_total,
        coalesce(sum(sheet.closing_amount) filter (
            where statement_line.line_code = 'total_equity_liabilities'
        ), 0) as equity_liability_total,
        coalesce(sum(sheet.opening_of_year_amount) filter (
            where statement_line.line_code = 'total_assets'
        ), 0) as opening_asset_total,
        coalesce(sum(sheet.opening_of_year_amount) filter (
            where statement_line.line_code = 'total_equity_liabilities'
        ), 0) as opening_equity_liability_total,
        coalesce(sum(sheet.closing_amount) filter (
            where statement_line.kind <> 'subtotal' and statement_line.sign = 1
        ), 0) as asset_sum,
        coalesce(sum(sheet.closing_amount) filter (
            where statement_line.kind <> 'subtotal' and statement_line.sign = -1
        ), 0) as equity_liability_sum,
        count(*) filter (
            where statement_line.line_code in ('total_assets', 'total_equity_liabilities')
        ) as total_count
    from mart.dim_fiscal_period as fiscal_period
    inner join mart.dim_financial_year as financial_year
        on
            fiscal_period.organization_id = financial_year.organization_id
            and fiscal_period.financial_year_key = financial_year.financial_year_key
            and financial_year.has_ledger
    left join mart.balance_sheet as sheet
        on
            fiscal_period.organization_id = sheet.organization_id
            and fiscal_period.fiscal_period_key = sheet.fiscal_period_key
    left join mart.dim_statement_line as statement_line
        on sheet.statement_line_key = statement_line.statement_line_key
    group by
        fiscal_period.organization_id,
        fiscal_period.financial_year_key,
        fiscal_period.fiscal_period_key,
        fiscal_period.label_sv

),

line_in_row as (

    select
        sheet.organization_id,
        sheet.statement_line_key,
        sheet.opening_of_year_amount,
        sheet.opening_amount,
        sheet.change_amount,
        sheet.closing_amount,
        fiscal_period.label_sv,
        lag(sheet.closing_amount) over of_year as previous_closing_amount,
        first_value(sheet.opening_amount) over of_year as first_opening_amount
    from mart.balance_sheet as sheet
    inner join mart.dim_fiscal_period as fiscal_period
        on
            sheet.organization_id = fiscal_period.organization_id
            and sheet.fiscal_period_key = fiscal_period.fiscal_period_key
    window of_year as (
        partition by
            sheet.organization_id,
            sheet.financial_year_key,
            sheet.statement_line_key
        order by fiscal_period.period_number
    )

)

select
    organization_id,
    'assets are not equity and liabilities' as reason,
    jsonb_build_object(
        'period', label_sv,
        'assets', asset_total,
        'equity_and_liabilities', equity_liability_total,
        'asset_lines', asset_sum,
        'equity_and_liability_lines', equity_liability_sum
    ) as detail
from side
where
    total_count <> 2
    or asset_total <> equity_liability_total
    or asset_total <> asset_sum
    or equity_liability_total <> equity_liability_sum
    or opening_asset_total <> opening_equity_liability_total
union all
select
    line_in_row.organization_id,
    'line does not roll forward' as reason,
    jsonb_build_object(
        'period', line_in_row.label_sv,
        'line', statement_line.name_sv,
        'opening', line_in_row.opening_amount,
        'change', line_in_row.change_amount,
        'closing', line_in_row.closing_amount
    ) as detail
from line_in_row
left join mart.dim_statement_line as statement_line
    on line_in_row.statement_line_key = statement_line.statement_line_key
where
    line_in_row.closing_amount <> line_in_row.opening_amount + line_in_row.change_amount
    or line_in_row.opening_amount
    <> coalesce(line_in_row.previous_closing_amount, line_in_row.opening_of_year_amount)
    or line_in_row.opening_of_year_amount <> line_in_row.first_opening_amount;
