-- grain:  organization x account x line of the cash flow statement that it moves
-- key:    organization_id, account_key, statement_line_key
-- inputs: dim_account, mart.cash_flow_account_range, mart.dim_statement_line
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

final as (

    select
        dim_account.organization_id,
        dim_account.account_key,
        statement_line.statement_line_key,
        coalesce(account_range.weight, 1) as weight
    from mart.dim_account as dim_account
    left join mart.cash_flow_account_range as account_range
        on
            dim_account.bas_number between account_range.account_from and account_range.account_to
    inner join mart.dim_statement_line as statement_line
        on
            coalesce(
                account_range.line_code,
                case
                    when dim_account.bas_number is null then 'cash_accounts_outside_chart'
                end
            ) = statement_line.line_code

)

select * from final;
