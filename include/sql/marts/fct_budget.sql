-- grain:  organization x financial year's period x account with a budget
-- key:    organization_id, fiscal_period_key, account_key
-- inputs: staging.ledger_budget, dim_financial_year, dim_fiscal_period, dim_account,
--         bridge_account_statement_line
-- why:    what the books plan for the month (#PBUDGET); ledger amounts (SEK, debit +)
create table mart.fct_budget (
    organization_id bigint not null,
    fiscal_period_key bigint not null,
    account_key bigint not null,
    financial_year_key bigint not null,
    statement_line_key int not null,
    date_key int not null,
    budget_amount numeric(18, 2) not null,
    primary key (organization_id, fiscal_period_key, account_key)
);

insert into mart.fct_budget (
    organization_id, fiscal_period_key, account_key, financial_year_key, statement_line_key,
    date_key, budget_amount
)
with

final as (

    select
        -- keys
        ledger_budget.organization_id,
        fiscal_period.fiscal_period_key,
        dim_account.account_key,
        financial_year.financial_year_key,
        account_line.statement_line_key,
        fiscal_period.date_key,

        -- measures
        ledger_budget.amount as budget_amount
    from staging.ledger_budget as ledger_budget
    inner join mart.dim_financial_year as financial_year
        on
            ledger_budget.organization_id = financial_year.organization_id
            and ledger_budget.financial_year_id = financial_year.financial_year_id
    inner join mart.dim_fiscal_period as fiscal_period
        on
            financial_year.organization_id = fiscal_period.organization_id
            and financial_year.financial_year_key = fiscal_period.financial_year_key
            and ledger_budget.month_date = fiscal_period.month_date
    inner join mart.dim_account as dim_account
        on
            ledger_budget.organization_id = dim_account.organization_id
            and ledger_budget.account_number = dim_account.account_number
    inner join mart.bridge_account_statement_line as account_line
        on
            financial_year.organization_id = account_line.organization_id
            and financial_year.financial_year_key = account_line.financial_year_key
            and dim_account.account_key = account_line.account_key

)

select * from final;
