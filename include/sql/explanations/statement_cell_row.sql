-- grain:  organization x cell of a statement (line x fiscal period) x what it is made of: a row of
--         a voucher, or an account's opening balance
-- key:    organization_id, statement_code, line_code, fiscal_period_key, financial_year_key,
--         account_key, voucher_series, voucher_number, voucher_ordinal, row_number
-- inputs: fct_ledger_row, fct_account_balance_period, dim_fiscal_period, unbalanced_voucher,
--         bridge_account_cash_flow_line, dim_statement_line, bridge_statement_line
-- why:    contribution_amount sums to the cell: the month's amount of the income statement and the
--         cash flow, the closing amount of the balance sheet. An opening balance has no voucher
--         (row_number 0). Ask for one cell (mart.explain), else it is every row times its lines
create view mart.statement_cell_row with (security_invoker = true) as
with

-- what is booked on a line that the cell is made of
booked as (

    select
        ledger_row.organization_id,
        statement_line.statement_code,
        statement_line.line_code,
        statement_line.sign,
        ledger_row.financial_year_key,
        ledger_row.fiscal_period_key,
        ledger_row.account_key,
        ledger_row.voucher_series,
        ledger_row.voucher_number,
        ledger_row.voucher_ordinal,
        ledger_row.row_number,
        ledger_row.voucher_date,
        ledger_row.amount
    from mart.fct_ledger_row as ledger_row
    inner join mart.bridge_statement_line as bridge
        on ledger_row.statement_line_key = bridge.component_line_key
    inner join mart.dim_statement_line as statement_line
        on bridge.statement_line_key = statement_line.statement_line_key
    where ledger_row.amount <> 0

),

opening as (

    select
        balance.organization_id,
        balance.financial_year_key,
        balance.account_key,
        balance.statement_line_key,
        balance.opening_balance
    from mart.fct_account_balance_period as balance
    inner join mart.dim_fiscal_period as fiscal_period
        on
            balance.organization_id = fiscal_period.organization_id
            and balance.fiscal_period_key = fiscal_period.fiscal_period_key
            and fiscal_period.is_first
    where balance.opening_balance <> 0

),

-- an opening balance stands on its account's line, and its reverse on that of the prior result
opening_component as (

    select
        organization_id,
        financial_year_key,
        account_key,
        statement_line_key,
        opening_balance as amount
    from opening
    union all
    select
        opening.organization_id,
        opening.financial_year_key,
        opening.account_key,
        statement_line.statement_line_key,
        -opening.opening_balance as amount
    from opening
    cross join mart.dim_statement_line as statement_line
    where statement_line.line_code = 'prior_result_not_carried_forward'

),

unbalanced_row as (

    select
        ledger_row.organization_id,
        statement_line.statement_code,
        statement_line.line_code,
        statement_line.sign,
        ledger_row.financial_year_key,
        ledger_row.fiscal_period_key,
        ledger_row.account_key,
        ledger_row.voucher_series,
        ledger_row.voucher_number,
        ledger_row.voucher_ordinal,
        ledger_row.row_number,
        ledger_row.voucher_date,
        -ledger_row.amount as amount
    from mart.fct_ledger_row as ledger_row
    inner join mart.unbalanced_voucher as unbalanced
        on
            ledger_row.organization_id = unbalanced.organization_id
            and ledger_row.financial_year_key = unbalanced.financial_year_key
            and ledger_row.voucher_series = unbalanced.voucher_series
            and ledger_row.voucher_number = unbalanced.voucher_number
            and ledger_row.voucher_ordinal = unbalanced.voucher_ordinal
    inner join mart.dim_statement_line as component
        on component.line_code in ('unbalanced_vouchers', 'cash_unbalanced_vouchers')
    inner join mart.bridge_statement_line as bridge
        on component.statement_line_key = bridge.component_line_key
    inner join mart.dim_statement_line as statement_line
        on bridge.statement_line_key = statement_line.statement_line_key
    where ledger_row.amount <> 0

),

moved as (

    select
        organization_id,
        statement_code,
        line_code,
        sign,
        financial_year_key,
        fiscal_period_key,
        account_key,
        voucher_series,
        voucher_number,
        voucher_ordinal,
        row_number,
        voucher_date,
        amount
    from booked
    union all
    select
        organization_id,
        statement_code,
        line_code,
        sign,
        financial_year_key,
        fiscal_period_key,
        account_key,
        voucher_series,
        voucher_number,
        voucher_ordinal,
        row_number,
        voucher_date,
        amount
    from unbalanced_row
    union all
    select
        ledger_row.organization_id,
        statement_line.statement_code,
        statement_line.line_code,
        statement_line.sign,
        ledger_row.financial_year_key,
        ledger_row.fiscal_period_key,
        ledger_row.account_key,
        ledger_row.voucher_series,
        ledger_row.voucher_number,
        ledger_row.voucher_ordinal,
        ledger_row.row_number,
        ledger_row.voucher_date,
        cash_line.weight * ledger_row.amount as amount
    from mart.fct_ledger_row as ledger_row
    inner join mart.bridge_account_cash_flow_line as cash_line
        on
            ledger_row.organization_id = cash_line.organization_id
            and ledger_row.account_key = cash_line.account_key
    inner join mart.bridge_statement_line as bridge
        on cash_line.statement_line_key = bridge.component_line_key
    inner join mart.dim_statement_line as statement_line
        on bridge.statement_line_key = statement_line.statement_line_key
    where ledger_row.amount <> 0

)

select
    moved.organization_id,
    moved.statement_code,
    moved.line_code,
    cell_period.fiscal_period_key,
    cell_period.financial_year_key,
    cell_period.month_date,
    moved.account_key,
    moved.voucher_series,
    moved.voucher_number,
    moved.voucher_ordinal,
    moved.row_number,
    moved.voucher_date,
    (moved.sign * moved.amount)::numeric(18, 2) as contribution_amount
from moved
inner join mart.dim_fiscal_period as row_period
    on
        moved.organization_id = row_period.organization_id
        and moved.fiscal_period_key = row_period.fiscal_period_key
inner join mart.dim_fiscal_period as cell_period
    on
        row_period.organization_id = cell_period.organization_id
        and row_period.financial_year_key = cell_period.financial_year_key
        and (
            row_period.period_number = cell_period.period_number
            or (
                moved.statement_code = 'balance_sheet'
                and row_period.period_number < cell_period.period_number
            )
        )
union all
select
    opening_component.organization_id,
    statement_line.statement_code,
    statement_line.line_code,
    cell_period.fiscal_period_key,
    cell_period.financial_year_key,
    cell_period.month_date,
    opening_component.account_key,
    '' as voucher_series,
    '' as voucher_number,
    0 as voucher_ordinal,
    0 as row_number,
    null as voucher_date,
    (statement_line.sign * opening_component.amount)::numeric(18, 2) as contribution_amount
from opening_component
inner join mart.bridge_statement_line as bridge
    on opening_component.statement_line_key = bridge.component_line_key
inner join mart.dim_statement_line as statement_line
    on
        bridge.statement_line_key = statement_line.statement_line_key
        and statement_line.statement_code = 'balance_sheet'
inner join mart.dim_fiscal_period as cell_period
    on
        opening_component.organization_id = cell_period.organization_id
        and opening_component.financial_year_key = cell_period.financial_year_key;

-- The rows of one cell, for example mart.explain(1, 'balance_sheet', 'cash_bank', '2025-03-01').
create function mart.explain(
    organization bigint, statement text, line text, first_of_month date
) returns setof mart.statement_cell_row
language sql stable
begin atomic
    select
        organization_id,
        statement_code,
        line_code,
        fiscal_period_key,
        financial_year_key,
        month_date,
        account_key,
        voucher_series,
        voucher_number,
        voucher_ordinal,
        row_number,
        voucher_date,
        contribution_amount
    from mart.statement_cell_row
    where
        organization_id = organization
        and statement_code = statement
        and line_code = line
        and month_date = first_of_month;
end;
