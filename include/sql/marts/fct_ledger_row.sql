-- grain:  organization x financial year x voucher (series, number, ordinal among equal ids) x row
-- key:    organization_id, financial_year_key, voucher_series, voucher_number, voucher_ordinal,
--         row_number
-- inputs: staging.ledger_row, staging.ledger_voucher, dim_financial_year, dim_fiscal_period,
--         dim_account, dim_cost_center, dim_project, bridge_account_statement_line,
--         control.ledger_year_built
-- increment: financial_year_key
-- why:    every row that was ever on a voucher: a struck one counts 0 and shows what it was. A row
--         belongs to the financial year of its file: dated outside, it counts on the year's nearest
--         day (date_key), and its own date stays beside
create table mart.fct_ledger_row (
    organization_id bigint not null,
    financial_year_key bigint not null,
    voucher_series text not null,
    voucher_number text not null,
    voucher_ordinal int not null,
    row_number int not null,
    fiscal_period_key bigint not null,
    date_key int not null,
    account_key bigint not null,
    statement_line_key int not null,
    cost_center_key bigint not null,
    project_key bigint not null,
    voucher_text text not null,
    row_text text not null,
    signature text not null,
    voucher_date date not null,
    row_date date,
    registration_date date,
    is_struck boolean not null,
    is_added boolean not null,
    is_outside_year boolean not null,
    debit_amount numeric(18, 2) not null,
    credit_amount numeric(18, 2) not null,
    amount numeric(18, 2) not null,
    struck_amount numeric(18, 2) not null,
    quantity numeric,
    primary key (
        organization_id, financial_year_key, voucher_series, voucher_number, voucher_ordinal,
        row_number
    )
);

insert into mart.fct_ledger_row (
    organization_id, financial_year_key, voucher_series, voucher_number, voucher_ordinal,
    row_number, fiscal_period_key, date_key, account_key, statement_line_key, cost_center_key,
    project_key, voucher_text, row_text, signature, voucher_date, row_date, registration_date,
    is_struck, is_added, is_outside_year, debit_amount, credit_amount, amount, struck_amount,
    quantity
)
with

dated_voucher as (

    select
        ledger_voucher.organization_id,
        ledger_voucher.financial_year_id,
        ledger_voucher.voucher_series,
        ledger_voucher.voucher_number,
        ledger_voucher.voucher_ordinal,
        ledger_voucher.voucher_date,
        ledger_voucher.registration_date,
        ledger_voucher.voucher_text,
        ledger_voucher.signature,
        financial_year.financial_year_key,
        least(
            greatest(ledger_voucher.voucher_date, financial_year.start_date),
            financial_year.end_date
        ) as accounting_date
    from staging.ledger_voucher as ledger_voucher
    inner join mart.dim_financial_year as financial_year
        on
            ledger_voucher.organization_id = financial_year.organization_id
            and ledger_voucher.financial_year_id = financial_year.financial_year_id
    inner join control.ledger_year_built as year_built
        on
            financial_year.organization_id = year_built.organization_id
            and financial_year.financial_year_key = year_built.financial_year_key
            and year_built.is_stale

),

-- materialized: joined late, periods would first multiply the rows twelvefold
placed_voucher as materialized (

    select
        dated_voucher.organization_id,
        dated_voucher.financial_year_id,
        dated_voucher.voucher_series,
        dated_voucher.voucher_number,
        dated_voucher.voucher_ordinal,
        dated_voucher.voucher_date,
        dated_voucher.registration_date,
        dated_voucher.voucher_text,
        dated_voucher.signature,
        dated_voucher.financial_year_key,
        dated_voucher.accounting_date,
        fiscal_period.fiscal_period_key
    from dated_voucher
    inner join mart.dim_fiscal_period as fiscal_period
        on
            dated_voucher.organization_id = fiscal_period.organization_id
            and dated_voucher.financial_year_key = fiscal_period.financial_year_key
            and date_trunc('month', dated_voucher.accounting_date::timestamp)::date
            = fiscal_period.month_date

),

account_of_year as materialized (

    select
        account_line.organization_id,
        account_line.financial_year_key,
        account_line.account_key,
        account_line.statement_line_key,
        dim_account.account_number
    from mart.bridge_account_statement_line as account_line
    inner join mart.dim_account as dim_account
        on
            account_line.organization_id = dim_account.organization_id
            and account_line.account_key = dim_account.account_key

),

final as (

    select
        -- keys
        ledger_row.organization_id,
        placed_voucher.financial_year_key,
        ledger_row.voucher_series,
        ledger_row.voucher_number,
        ledger_row.voucher_ordinal,
        ledger_row.row_number,
        placed_voucher.fiscal_period_key,
        to_char(placed_voucher.accounting_date, 'YYYYMMDD')::int as date_key,
        account_of_year.account_key,
        account_of_year.statement_line_key,
        cost_center.cost_center_key,
        project.project_key,

        -- dimensions
        placed_voucher.voucher_text,
        ledger_row.row_text,
        coalesce(nullif(ledger_row.signature, ''), placed_voucher.signature) as signature,

        -- dates
        placed_voucher.voucher_date,
        ledger_row.row_date,
        placed_voucher.registration_date,

        -- flags
        ledger_row.is_struck,
        ledger_row.is_added,
        placed_voucher.voucher_date <> placed_voucher.accounting_date as is_outside_year,

        -- measures
        greatest(ledger_row.amount, 0) as debit_amount,
        greatest(-ledger_row.amount, 0) as credit_amount,
        ledger_row.amount,
        ledger_row.struck_amount,
        ledger_row.quantity
    from staging.ledger_row as ledger_row
    inner join placed_voucher
        on
            ledger_row.organization_id = placed_voucher.organization_id
            and ledger_row.financial_year_id = placed_voucher.financial_year_id
            and ledger_row.voucher_series = placed_voucher.voucher_series
            and ledger_row.voucher_number = placed_voucher.voucher_number
            and ledger_row.voucher_ordinal = placed_voucher.voucher_ordinal
    inner join account_of_year
        on
            placed_voucher.organization_id = account_of_year.organization_id
            and placed_voucher.financial_year_key = account_of_year.financial_year_key
            and ledger_row.account_number = account_of_year.account_number
    inner join mart.dim_cost_center as cost_center
        on
            ledger_row.organization_id = cost_center.organization_id
            and ledger_row.cost_center = cost_center.cost_center_number
    inner join mart.dim_project as project
        on
            ledger_row.organization_id = project.organization_id
            and ledger_row.project = project.project_number

)

select * from final;
