-- grain:  organization x account x line of the cash flow statement that it moves
-- key:    organization_id, account_key, statement_line_key
-- inputs: staging.account_line, dim_account, mart.cash_flow_account_range, mart.dim_statement_line
-- why:    the weights of an account sum to 1, those of a cash account to 0. What an account was
--         called by in BAS moved between statement lines in 2026, not between these
create table mart.bridge_account_cash_flow_line (
    organization_id bigint not null,
    account_key bigint not null,
    statement_line_key int not null,
    weight int not null,
    primary key (organization_id, account_key, statement_line_key)
);

insert into mart.bridge_account_cash_flow_line (
    organization_id, account_key, statement_line_key, weight
)
with

numbered_account as (

    select
        organization_id,
        account_number,
        bas_number
    from staging.account_line
    group by organization_id, account_number, bas_number

),

final as (

    select
        dim_account.organization_id,
        dim_account.account_key,
        statement_line.statement_line_key,
        coalesce(account_range.weight, 1) as weight
    from numbered_account
    inner join mart.dim_account as dim_account
        on
            numbered_account.organization_id = dim_account.organization_id
            and numbered_account.account_number = dim_account.account_number
    left join mart.cash_flow_account_range as account_range
        on
            numbered_account.bas_number
            between account_range.account_from and account_range.account_to
    inner join mart.dim_statement_line as statement_line
        on
            coalesce(
                account_range.line_code,
                case
                    when numbered_account.bas_number is null then 'cash_accounts_outside_chart'
                end
            ) = statement_line.line_code

)

select * from final;
