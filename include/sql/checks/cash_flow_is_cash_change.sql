-- severity: stop
-- inputs:   mart.cash_flow, mart.balance_sheet, mart.dim_statement_line, mart.dim_fiscal_period
-- why:      the cash flow of a period is what the cash accounts changed by, to the öre, and its
--           lines sum to it: in the month, in the year to date, and over twelve months
with

cash_change as (

    select
        sheet.organization_id,
        sheet.fiscal_period_key,
        fiscal_period.label_sv,
        sum(sheet.change_amount) as change_amount,
        sum(sheet.closing_amount - sheet.opening_of_year_amount) as change_to_date_amount
    from mart.balance_sheet as sheet
    inner join mart.dim_statement_line as statement_line
        on
            sheet.statement_line_key = statement_line.statement_line_key
            and statement_line.line_code = 'total_cash'
    inner join mart.dim_fiscal_period as fiscal_period
        on
            sheet.organization_id = fiscal_period.organization_id
            and sheet.fiscal_period_key = fiscal_period.fiscal_period_key
    group by sheet.organization_id, sheet.fiscal_period_key, fiscal_period.label_sv

),

flow as (

    select
        cash_flow.organization_id,
        cash_flow.fiscal_period_key,
        sum(cash_flow.amount) filter (
            where statement_line.line_code = 'cash_flow_total'
        ) as flow_amount,
        sum(cash_flow.year_to_date_amount) filter (
            where statement_line.line_code = 'cash_flow_total'
        ) as flow_to_date_amount,
        sum(cash_flow.rolling_12_amount) filter (
            where statement_line.line_code = 'cash_flow_total'
        ) as flow_12_amount,
        coalesce(sum(cash_flow.amount) filter (
            where statement_line.kind <> 'subtotal'
        ), 0) as line_sum,
        coalesce(sum(cash_flow.year_to_date_amount) filter (
            where statement_line.kind <> 'subtotal'
        ), 0) as line_to_date_sum,
        sum(cash_flow.rolling_12_amount) filter (
            where statement_line.kind <> 'subtotal'
        ) as line_12_sum
    from mart.cash_flow as cash_flow
    inner join mart.dim_statement_line as statement_line
        on cash_flow.statement_line_key = statement_line.statement_line_key
    group by cash_flow.organization_id, cash_flow.fiscal_period_key

)

select
    coalesce(cash_change.organization_id, flow.organization_id) as organization_id,
    'cash flow is not the change of the cash accounts' as reason,
    jsonb_build_object(
        'period', cash_change.label_sv,
        'cash_changed', cash_change.change_amount,
        'cash_flow', flow.flow_amount,
        'lines', flow.line_sum,
        'cash_changed_to_date', cash_change.change_to_date_amount,
        'cash_flow_to_date', flow.flow_to_date_amount
    ) as detail
from cash_change
full outer join flow
    on
        cash_change.organization_id = flow.organization_id
        and cash_change.fiscal_period_key = flow.fiscal_period_key
where
    cash_change.change_amount is distinct from flow.flow_amount
    or cash_change.change_to_date_amount is distinct from flow.flow_to_date_amount
    or flow.line_sum is distinct from flow.flow_amount
    or flow.line_to_date_sum is distinct from flow.flow_to_date_amount
    or flow.line_12_sum is distinct from flow.flow_12_amount;
