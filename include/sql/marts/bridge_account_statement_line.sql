-- grain:  organization x financial year x account in use
-- key:    organization_id, financial_year_key, account_key
-- inputs: staging.account_used, staging.account_line, dim_financial_year, dim_account
-- why:    BAS 2026 moves accounts to other lines, so an account's line is a matter of the year
create table mart.bridge_account_statement_line (
    organization_id bigint not null,
    financial_year_key bigint not null,
    account_key bigint not null,
    statement_line_key int not null,
    primary key (organization_id, financial_year_key, account_key)
);

insert into mart.bridge_account_statement_line (
    organization_id, financial_year_key, account_key, statement_line_key
)
with

final as (

    select
        account_used.organization_id,
        financial_year.financial_year_key,
        dim_account.account_key,
        account_line.statement_line_key
    from staging.account_used as account_used
    inner join mart.dim_financial_year as financial_year
        on
            account_used.organization_id = financial_year.organization_id
            and account_used.financial_year_id = financial_year.financial_year_id
    inner join mart.dim_account as dim_account
        on
            account_used.organization_id = dim_account.organization_id
            and account_used.account_number = dim_account.account_number
    inner join staging.account_line as account_line
        on
            account_used.organization_id = account_line.organization_id
            and account_used.account_number = account_line.account_number
            and financial_year.bas_year = account_line.bas_year

)

select * from final;
