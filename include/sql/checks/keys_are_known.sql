-- severity: stop
-- inputs:   mart.fct_ledger_row, mart.fct_account_balance_period, mart.trial_balance,
--           mart.income_statement, mart.balance_sheet, mart.as_of, mart.dim_organization,
--           mart.dim_financial_year, mart.dim_fiscal_period, mart.dim_account,
--           mart.dim_cost_center, mart.dim_project, mart.dim_date, mart.dim_statement_line,
--           mart.fct_budget, mart.cash_flow, mart.income_statement_by_object,
--           mart.bridge_account_cash_flow_line, mart.fct_subledger_movement, mart.fct_open_item,
--           mart.ageing, mart.subledger_roll_forward, mart.subledger_reconciliation,
--           mart.subledger_difference, mart.payment_behaviour, mart.dim_ageing_bucket,
--           mart.dim_customer, mart.dim_supplier, mart.vat_return, mart.vat_account,
--           mart.fct_sales_row, mart.fct_purchase_row, mart.contract_revenue, mart.dim_article,
--           mart.dim_seller, mart.kpi, mart.result_bridge, mart.narrative,
--           mart.bridge_organization_date, mart.voucher_series, mart.year_continuity
-- why:      a key that a fact carries and its dimension lacks is a row that Power BI shows as
--           blank; that keys are unique and not null is the primary keys' business
with

-- the ledger is read once for all its keys
ledger_key as (

    select
        organization_id,
        financial_year_key,
        fiscal_period_key,
        account_key,
        cost_center_key,
        project_key,
        date_key,
        statement_line_key
    from mart.fct_ledger_row
    group by
        organization_id,
        financial_year_key,
        fiscal_period_key,
        account_key,
        cost_center_key,
        project_key,
        date_key,
        statement_line_key

),

fact_key as (

    select
        ledger_key.organization_id,
        'fct_ledger_row' as fact,
        ledger_row_key.key_name,
        ledger_row_key.key_value
    from ledger_key
    cross join
        lateral (
            values
            ('financial_year_key', ledger_key.financial_year_key::bigint),
            ('fiscal_period_key', ledger_key.fiscal_period_key::bigint),
            ('account_key', ledger_key.account_key::bigint),
            ('cost_center_key', ledger_key.cost_center_key::bigint),
            ('project_key', ledger_key.project_key::bigint),
            ('date_key', ledger_key.date_key::bigint),
            ('statement_line_key', ledger_key.statement_line_key::bigint)
        ) as ledger_row_key (key_name, key_value)
    group by
        ledger_key.organization_id,
        ledger_row_key.key_name,
        ledger_row_key.key_value
    union all
    select
        organization_id,
        'fct_account_balance_period' as fact,
        'financial_year_key' as key_name,
        financial_year_key as key_value
    from mart.fct_account_balance_period
    group by organization_id, financial_year_key
    union all
    select
        organization_id,
        'fct_account_balance_period' as fact,
        'fiscal_period_key' as key_name,
        fiscal_period_key as key_value
    from mart.fct_account_balance_period
    group by organization_id, fiscal_period_key
    union all
    select
        organization_id,
        'fct_account_balance_period' as fact,
        'account_key' as key_name,
        account_key as key_value
    from mart.fct_account_balance_period
    group by organization_id, account_key
    union all
    select
        organization_id,
        'fct_account_balance_period' as fact,
        'date_key' as key_name,
        date_key as key_value
    from mart.fct_account_balance_period
    group by organization_id, date_key
    union all
    select
        organization_id,
        'fct_account_balance_period' as fact,
        'statement_line_key' as key_name,
        statement_line_key as key_value
    from mart.fct_account_balance_period
    group by organization_id, statement_line_key
    union all
    select
        organization_id,
        'trial_balance' as fact,
        'financial_year_key' as key_name,
        financial_year_key as key_value
    from mart.trial_balance
    group by organization_id, financial_year_key
    union all
    select
        organization_id,
        'trial_balance' as fact,
        'account_key' as key_name,
        account_key as key_value
    from mart.trial_balance
    group by organization_id, account_key
    union all
    select
        organization_id,
        'trial_balance' as fact,
        'statement_line_key' as key_name,
        statement_line_key as key_value
    from mart.trial_balance
    group by organization_id, statement_line_key
    union all
    select
        organization_id,
        'income_statement' as fact,
        'financial_year_key' as key_name,
        financial_year_key as key_value
    from mart.income_statement
    group by organization_id, financial_year_key
    union all
    select
        organization_id,
        'income_statement' as fact,
        'fiscal_period_key' as key_name,
        fiscal_period_key as key_value
    from mart.income_statement
    group by organization_id, fiscal_period_key
    union all
    select
        organization_id,
        'income_statement' as fact,
        'date_key' as key_name,
        date_key as key_value
    from mart.income_statement
    group by organization_id, date_key
    union all
    select
        organization_id,
        'income_statement' as fact,
        'statement_line_key' as key_name,
        statement_line_key as key_value
    from mart.income_statement
    group by organization_id, statement_line_key
    union all
    select
        organization_id,
        'balance_sheet' as fact,
        'financial_year_key' as key_name,
        financial_year_key as key_value
    from mart.balance_sheet
    group by organization_id, financial_year_key
    union all
    select
        organization_id,
        'balance_sheet' as fact,
        'fiscal_period_key' as key_name,
        fiscal_period_key as key_value
    from mart.balance_sheet
    group by organization_id, fiscal_period_key
    union all
    select
        organization_id,
        'balance_sheet' as fact,
        'date_key' as key_name,
        date_key as key_value
    from mart.balance_sheet
    group by organization_id, date_key
    union all
    select
        organization_id,
        'balance_sheet' as fact,
        'statement_line_key' as key_name,
        statement_line_key as key_value
    from mart.balance_sheet
    group by organization_id, statement_line_key
    union all
    select
        organization_id,
        'as_of' as fact,
        'financial_year_key' as key_name,
        financial_year_key as key_value
    from mart.as_of
    group by organization_id, financial_year_key
    union all
    select
        organization_id,
        'as_of' as fact,
        'fiscal_period_key' as key_name,
        fiscal_period_key as key_value
    from mart.as_of
    group by organization_id, fiscal_period_key
    union all
    select
        organization_id,
        'as_of' as fact,
        'date_key' as key_name,
        date_key as key_value
    from mart.as_of
    group by organization_id, date_key
    union all
    select
        organization_id,
        'fct_budget' as fact,
        'financial_year_key' as key_name,
        financial_year_key as key_value
    from mart.fct_budget
    group by organization_id, financial_year_key
    union all
    select
        organization_id,
        'fct_budget' as fact,
        'fiscal_period_key' as key_name,
        fiscal_period_key as key_value
    from mart.fct_budget
    group by organization_id, fiscal_period_key
    union all
    select
        organization_id,
        'fct_budget' as fact,
        'account_key' as key_name,
        account_key as key_value
    from mart.fct_budget
    group by organization_id, account_key
    union all
    select
        organization_id,
        'fct_budget' as fact,
        'statement_line_key' as key_name,
        statement_line_key as key_value
    from mart.fct_budget
    group by organization_id, statement_line_key
    union all
    select
        organization_id,
        'fct_budget' as fact,
        'date_key' as key_name,
        date_key as key_value
    from mart.fct_budget
    group by organization_id, date_key
    union all
    select
        organization_id,
        'cash_flow' as fact,
        'financial_year_key' as key_name,
        financial_year_key as key_value
    from mart.cash_flow
    group by organization_id, financial_year_key
    union all
    select
        organization_id,
        'cash_flow' as fact,
        'fiscal_period_key' as key_name,
        fiscal_period_key as key_value
    from mart.cash_flow
    group by organization_id, fiscal_period_key
    union all
    select
        organization_id,
        'cash_flow' as fact,
        'statement_line_key' as key_name,
        statement_line_key as key_value
    from mart.cash_flow
    group by organization_id, statement_line_key
    union all
    select
        organization_id,
        'cash_flow' as fact,
        'date_key' as key_name,
        date_key as key_value
    from mart.cash_flow
    group by organization_id, date_key
    union all
    select
        organization_id,
        'income_statement_by_object' as fact,
        'financial_year_key' as key_name,
        financial_year_key as key_value
    from mart.income_statement_by_object
    group by organization_id, financial_year_key
    union all
    select
        organization_id,
        'income_statement_by_object' as fact,
        'fiscal_period_key' as key_name,
        fiscal_period_key as key_value
    from mart.income_statement_by_object
    group by organization_id, fiscal_period_key
    union all
    select
        organization_id,
        'income_statement_by_object' as fact,
        'statement_line_key' as key_name,
        statement_line_key as key_value
    from mart.income_statement_by_object
    group by organization_id, statement_line_key
    union all
    select
        organization_id,
        'income_statement_by_object' as fact,
        'cost_center_key' as key_name,
        cost_center_key as key_value
    from mart.income_statement_by_object
    group by organization_id, cost_center_key
    union all
    select
        organization_id,
        'income_statement_by_object' as fact,
        'project_key' as key_name,
        project_key as key_value
    from mart.income_statement_by_object
    group by organization_id, project_key
    union all
    select
        organization_id,
        'bridge_account_cash_flow_line' as fact,
        'account_key' as key_name,
        account_key as key_value
    from mart.bridge_account_cash_flow_line
    group by organization_id, account_key
    union all
    select
        organization_id,
        'bridge_account_cash_flow_line' as fact,
        'statement_line_key' as key_name,
        statement_line_key as key_value
    from mart.bridge_account_cash_flow_line
    group by organization_id, statement_line_key
    union all
    select
        organization_id,
        'fct_subledger_movement' as fact,
        'customer_key' as key_name,
        customer_key as key_value
    from mart.fct_subledger_movement
    group by organization_id, customer_key
    union all
    select
        organization_id,
        'fct_subledger_movement' as fact,
        'supplier_key' as key_name,
        supplier_key as key_value
    from mart.fct_subledger_movement
    group by organization_id, supplier_key
    union all
    select
        organization_id,
        'fct_subledger_movement' as fact,
        'date_key' as key_name,
        date_key as key_value
    from mart.fct_subledger_movement
    group by organization_id, date_key
    union all
    select
        organization_id,
        'fct_open_item' as fact,
        'customer_key' as key_name,
        customer_key as key_value
    from mart.fct_open_item
    group by organization_id, customer_key
    union all
    select
        organization_id,
        'fct_open_item' as fact,
        'supplier_key' as key_name,
        supplier_key as key_value
    from mart.fct_open_item
    group by organization_id, supplier_key
    union all
    select
        organization_id,
        'fct_open_item' as fact,
        'date_key' as key_name,
        date_key as key_value
    from mart.fct_open_item
    group by organization_id, date_key
    union all
    select
        organization_id,
        'fct_open_item' as fact,
        'ageing_bucket_key' as key_name,
        ageing_bucket_key as key_value
    from mart.fct_open_item
    group by organization_id, ageing_bucket_key
    union all
    select
        organization_id,
        'ageing' as fact,
        'customer_key' as key_name,
        customer_key as key_value
    from mart.ageing
    group by organization_id, customer_key
    union all
    select
        organization_id,
        'ageing' as fact,
        'supplier_key' as key_name,
        supplier_key as key_value
    from mart.ageing
    group by organization_id, supplier_key
    union all
    select
        organization_id,
        'subledger_roll_forward' as fact,
        'fiscal_period_key' as key_name,
        fiscal_period_key as key_value
    from mart.subledger_roll_forward
    group by organization_id, fiscal_period_key
    union all
    select
        organization_id,
        'subledger_roll_forward' as fact,
        'financial_year_key' as key_name,
        financial_year_key as key_value
    from mart.subledger_roll_forward
    group by organization_id, financial_year_key
    union all
    select
        organization_id,
        'subledger_reconciliation' as fact,
        'fiscal_period_key' as key_name,
        fiscal_period_key as key_value
    from mart.subledger_reconciliation
    group by organization_id, fiscal_period_key
    union all
    select
        organization_id,
        'subledger_difference' as fact,
        'fiscal_period_key' as key_name,
        fiscal_period_key as key_value
    from mart.subledger_difference
    group by organization_id, fiscal_period_key
    union all
    select
        organization_id,
        'payment_behaviour' as fact,
        'fiscal_period_key' as key_name,
        fiscal_period_key as key_value
    from mart.payment_behaviour
    group by organization_id, fiscal_period_key
    union all
    select
        organization_id,
        'payment_behaviour' as fact,
        'customer_key' as key_name,
        customer_key as key_value
    from mart.payment_behaviour
    group by organization_id, customer_key
    union all
    select
        organization_id,
        'payment_behaviour' as fact,
        'supplier_key' as key_name,
        supplier_key as key_value
    from mart.payment_behaviour
    group by organization_id, supplier_key
    union all
    select
        organization_id,
        'vat_return' as fact,
        'fiscal_period_key' as key_name,
        fiscal_period_key as key_value
    from mart.vat_return
    group by organization_id, fiscal_period_key
    union all
    select
        organization_id,
        'vat_return' as fact,
        'financial_year_key' as key_name,
        financial_year_key as key_value
    from mart.vat_return
    group by organization_id, financial_year_key
    union all
    select
        organization_id,
        'vat_return' as fact,
        'date_key' as key_name,
        date_key as key_value
    from mart.vat_return
    group by organization_id, date_key
    union all
    select
        organization_id,
        'vat_account' as fact,
        'account_key' as key_name,
        account_key as key_value
    from mart.vat_account
    group by organization_id, account_key
    union all
    select
        organization_id,
        'vat_account' as fact,
        'fiscal_period_key' as key_name,
        fiscal_period_key as key_value
    from mart.vat_account
    group by organization_id, fiscal_period_key
    union all
    select
        organization_id,
        'fct_sales_row' as fact,
        'customer_key' as key_name,
        customer_key as key_value
    from mart.fct_sales_row
    group by organization_id, customer_key
    union all
    select
        organization_id,
        'fct_sales_row' as fact,
        'article_key' as key_name,
        article_key as key_value
    from mart.fct_sales_row
    group by organization_id, article_key
    union all
    select
        organization_id,
        'fct_sales_row' as fact,
        'seller_key' as key_name,
        seller_key as key_value
    from mart.fct_sales_row
    group by organization_id, seller_key
    union all
    select
        organization_id,
        'fct_sales_row' as fact,
        'cost_center_key' as key_name,
        cost_center_key as key_value
    from mart.fct_sales_row
    group by organization_id, cost_center_key
    union all
    select
        organization_id,
        'fct_sales_row' as fact,
        'project_key' as key_name,
        project_key as key_value
    from mart.fct_sales_row
    group by organization_id, project_key
    union all
    select
        organization_id,
        'fct_sales_row' as fact,
        'date_key' as key_name,
        date_key as key_value
    from mart.fct_sales_row
    group by organization_id, date_key
    union all
    select
        organization_id,
        'fct_purchase_row' as fact,
        'supplier_key' as key_name,
        supplier_key as key_value
    from mart.fct_purchase_row
    group by organization_id, supplier_key
    union all
    select
        organization_id,
        'fct_purchase_row' as fact,
        'account_key' as key_name,
        account_key as key_value
    from mart.fct_purchase_row
    group by organization_id, account_key
    union all
    select
        organization_id,
        'fct_purchase_row' as fact,
        'cost_center_key' as key_name,
        cost_center_key as key_value
    from mart.fct_purchase_row
    group by organization_id, cost_center_key
    union all
    select
        organization_id,
        'fct_purchase_row' as fact,
        'project_key' as key_name,
        project_key as key_value
    from mart.fct_purchase_row
    group by organization_id, project_key
    union all
    select
        organization_id,
        'fct_purchase_row' as fact,
        'date_key' as key_name,
        date_key as key_value
    from mart.fct_purchase_row
    group by organization_id, date_key
    union all
    select
        organization_id,
        'contract_revenue' as fact,
        'customer_key' as key_name,
        customer_key as key_value
    from mart.contract_revenue
    group by organization_id, customer_key
    union all
    select
        organization_id,
        'contract_revenue' as fact,
        'seller_key' as key_name,
        seller_key as key_value
    from mart.contract_revenue
    group by organization_id, seller_key
    union all
    select
        organization_id,
        'contract_revenue' as fact,
        'date_key' as key_name,
        date_key as key_value
    from mart.contract_revenue
    group by organization_id, date_key
    union all
    select
        organization_id,
        'kpi' as fact,
        'fiscal_period_key' as key_name,
        fiscal_period_key as key_value
    from mart.kpi
    group by organization_id, fiscal_period_key
    union all
    select
        organization_id,
        'kpi' as fact,
        'financial_year_key' as key_name,
        financial_year_key as key_value
    from mart.kpi
    group by organization_id, financial_year_key
    union all
    select
        organization_id,
        'kpi' as fact,
        'date_key' as key_name,
        date_key as key_value
    from mart.kpi
    group by organization_id, date_key
    union all
    select
        organization_id,
        'result_bridge' as fact,
        'fiscal_period_key' as key_name,
        fiscal_period_key as key_value
    from mart.result_bridge
    group by organization_id, fiscal_period_key
    union all
    select
        organization_id,
        'result_bridge' as fact,
        'account_key' as key_name,
        account_key as key_value
    from mart.result_bridge
    group by organization_id, account_key
    union all
    select
        organization_id,
        'result_bridge' as fact,
        'statement_line_key' as key_name,
        statement_line_key as key_value
    from mart.result_bridge
    group by organization_id, statement_line_key
    union all
    select
        organization_id,
        'narrative' as fact,
        'fiscal_period_key' as key_name,
        fiscal_period_key as key_value
    from mart.narrative
    group by organization_id, fiscal_period_key
    union all
    select
        organization_id,
        'bridge_organization_date' as fact,
        'date_key' as key_name,
        date_key as key_value
    from mart.bridge_organization_date
    group by organization_id, date_key
    union all
    select
        organization_id,
        'bridge_organization_date' as fact,
        'financial_year_key' as key_name,
        financial_year_key as key_value
    from mart.bridge_organization_date
    group by organization_id, financial_year_key
    union all
    select
        organization_id,
        'bridge_organization_date' as fact,
        'fiscal_period_key' as key_name,
        fiscal_period_key as key_value
    from mart.bridge_organization_date
    group by organization_id, fiscal_period_key
    union all
    select
        organization_id,
        'voucher_series' as fact,
        'financial_year_key' as key_name,
        financial_year_key as key_value
    from mart.voucher_series
    group by organization_id, financial_year_key
    union all
    select
        organization_id,
        'year_continuity' as fact,
        'financial_year_key' as key_name,
        financial_year_key as key_value
    from mart.year_continuity
    group by organization_id, financial_year_key
    union all
    select
        organization_id,
        'year_continuity' as fact,
        'account_key' as key_name,
        account_key as key_value
    from mart.year_continuity
    group by organization_id, account_key

),

known_key as (

    select
        organization_id,
        'financial_year_key' as key_name,
        financial_year_key as key_value
    from mart.dim_financial_year
    union all
    select
        organization_id,
        'fiscal_period_key' as key_name,
        fiscal_period_key as key_value
    from mart.dim_fiscal_period
    union all
    select
        organization_id,
        'account_key' as key_name,
        account_key as key_value
    from mart.dim_account
    union all
    select
        organization_id,
        'cost_center_key' as key_name,
        cost_center_key as key_value
    from mart.dim_cost_center
    union all
    select
        organization_id,
        'project_key' as key_name,
        project_key as key_value
    from mart.dim_project
    union all
    select
        dim_organization.organization_id,
        'date_key' as key_name,
        reference.date_key as key_value
    from mart.dim_organization as dim_organization
    cross join mart.dim_date as reference
    union all
    select
        dim_organization.organization_id,
        'statement_line_key' as key_name,
        reference.statement_line_key as key_value
    from mart.dim_organization as dim_organization
    cross join mart.dim_statement_line as reference
    union all
    select
        dim_organization.organization_id,
        'ageing_bucket_key' as key_name,
        reference.ageing_bucket_key as key_value
    from mart.dim_organization as dim_organization
    cross join mart.dim_ageing_bucket as reference
    union all
    select
        organization_id,
        'customer_key' as key_name,
        customer_key as key_value
    from mart.dim_customer
    union all
    select
        organization_id,
        'supplier_key' as key_name,
        supplier_key as key_value
    from mart.dim_supplier
    union all
    select
        organization_id,
        'seller_key' as key_name,
        seller_key as key_value
    from mart.dim_seller
    union all
    select
        organization_id,
        'article_key' as key_name,
        article_key as key_value
    from mart.dim_article

)

select
    fact_key.organization_id,
    'key is not in its dimension' as reason,
    jsonb_build_object(
        'fact', fact_key.fact, 'key', fact_key.key_name, 'value', fact_key.key_value
    ) as detail
from fact_key
left join known_key
    on
        fact_key.organization_id = known_key.organization_id
        and fact_key.key_name = known_key.key_name
        and fact_key.key_value = known_key.key_value
where
    fact_key.key_value is not null
    and known_key.organization_id is null;
