-- grain:  organization x entity x natural key
-- key:    organization_id, entity, natural_key
-- inputs: staging.financial_year, staging.fiscal_period, staging.ledger_account,
--         staging.ledger_object, staging.ledger_row, staging.ledger_balance,
--         staging.ledger_budget, staging.opening_balance, staging.fortnox_accounts,
--         staging.fortnox_costcenters, staging.fortnox_projects, staging.fortnox_customers,
--         staging.fortnox_suppliers, staging.fortnox_articles, staging.fortnox_invoices,
--         staging.fortnox_contracts
-- why:    the one place that says what the members of each dimension are: control.key_map gets
--         them from it as a build begins
create view staging.member with (security_invoker = true) as
with

used as materialized (

    select
        organization_id,
        account_number,
        cost_center,
        project
    from staging.ledger_row
    group by
        organization_id,
        account_number,
        cost_center,
        project

)

select
    organization_id,
    'financial_year' as entity,
    financial_year_id::text as natural_key
from staging.financial_year
union distinct
select
    organization_id,
    'fiscal_period' as entity,
    financial_year_id || '/' || to_char(month_date, 'YYYY-MM') as natural_key
from staging.fiscal_period
union distinct
select
    organization_id,
    'account' as entity,
    account_number as natural_key
from used
union distinct
select
    organization_id,
    'account' as entity,
    account_number as natural_key
from staging.ledger_account
union distinct
select
    organization_id,
    'account' as entity,
    account_number as natural_key
from staging.ledger_balance
union distinct
select
    organization_id,
    'account' as entity,
    account_number as natural_key
from staging.ledger_budget
union distinct
select
    organization_id,
    'account' as entity,
    account_number as natural_key
from staging.opening_balance
union distinct
select
    organization_id,
    'account' as entity,
    account_number as natural_key
from staging.fortnox_accounts
union distinct
select
    organization_id,
    'cost_center' as entity,
    cost_center as natural_key
from used
where cost_center <> ''
union distinct
select
    organization_id,
    'cost_center' as entity,
    object_number as natural_key
from staging.ledger_object
where dimension_number = '1'
union distinct
select
    organization_id,
    'cost_center' as entity,
    cost_center_number as natural_key
from staging.fortnox_costcenters
union distinct
select
    organization_id,
    'project' as entity,
    project as natural_key
from used
where project <> ''
union distinct
select
    organization_id,
    'project' as entity,
    object_number as natural_key
from staging.ledger_object
where dimension_number = '6'
union distinct
select
    organization_id,
    'project' as entity,
    project_number as natural_key
from staging.fortnox_projects
union distinct
select
    organization_id,
    'customer' as entity,
    customer_number as natural_key
from staging.fortnox_customers
union distinct
select
    organization_id,
    'supplier' as entity,
    supplier_number as natural_key
from staging.fortnox_suppliers
union distinct
select
    organization_id,
    'article' as entity,
    article_number as natural_key
from staging.fortnox_articles
union distinct
select
    organization_id,
    'seller' as entity,
    our_reference as natural_key
from staging.fortnox_invoices
where our_reference <> ''
union distinct
select
    organization_id,
    'seller' as entity,
    our_reference as natural_key
from staging.fortnox_contracts
where our_reference <> '';
