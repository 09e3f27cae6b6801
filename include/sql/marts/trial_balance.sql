-- grain:  organization x financial year x account in use
-- key:    organization_id, financial_year_key, account_key
-- inputs: staging.ledger_balance, fct_account_balance_period, dim_financial_year,
--         dim_fiscal_period, dim_account
-- why:    what the ledger comes to beside what the SIE file says it comes to (less rolled_amount,
--         what the opening balance is by policy other than the file's #IB): #UB for accounts of
--         class 1-2 and those with a balance, #RES (the year's movement) for all others; a figure
--         that the file leaves out is a zero, unless it states none of its kind
create table mart.trial_balance (
    organization_id bigint not null,
    financial_year_key bigint not null,
    account_key bigint not null,
    statement_line_key int not null,
    stated_kind text check (stated_kind in ('UB', 'RES')),
    opening_balance numeric(18, 2) not null,
    rolled_amount numeric(18, 2) not null,
    debit_amount numeric(18, 2) not null,
    credit_amount numeric(18, 2) not null,
    net_amount numeric(18, 2) not null,
    closing_balance numeric(18, 2) not null,
    stated_amount numeric(18, 2),
    difference_amount numeric(18, 2),
    row_count int not null,
    primary key (organization_id, financial_year_key, account_key)
);

insert into mart.trial_balance (
    organization_id, financial_year_key, account_key, statement_line_key, stated_kind,
    opening_balance, rolled_amount, debit_amount, credit_amount, net_amount, closing_balance,
    stated_amount, difference_amount, row_count
)
with

account_year as (

    select
        balance.organization_id,
        balance.financial_year_key,
        balance.account_key,
        balance.statement_line_key,
        sum(balance.opening_balance) filter (where fiscal_period.is_first) as opening_balance,
        sum(balance.debit_amount) as debit_amount,
        sum(balance.credit_amount) as credit_amount,
        sum(balance.net_amount) as net_amount,
        sum(balance.closing_balance) filter (where fiscal_period.is_last) as closing_balance,
        sum(balance.row_count) as row_count
    from mart.fct_account_balance_period as balance
    inner join mart.dim_fiscal_period as fiscal_period
        on
            balance.organization_id = fiscal_period.organization_id
            and balance.fiscal_period_key = fiscal_period.fiscal_period_key
    group by
        balance.organization_id,
        balance.financial_year_key,
        balance.account_key,
        balance.statement_line_key

),

stated_year as (

    select
        organization_id,
        financial_year_id,
        count(*) filter (where balance_kind = 'UB') > 0 as has_closing,
        count(*) filter (where balance_kind = 'RES') > 0 as has_result
    from staging.ledger_balance
    group by organization_id, financial_year_id

),

stated_account as (

    select
        organization_id,
        financial_year_id,
        account_number,
        count(*) filter (where balance_kind in ('IB', 'UB')) > 0 as has_balance,
        sum(amount) filter (where balance_kind = 'IB') as opening_amount,
        sum(amount) filter (where balance_kind = 'UB') as closing_amount,
        sum(amount) filter (where balance_kind = 'RES') as result_amount
    from staging.ledger_balance
    group by organization_id, financial_year_id, account_number

),

compared as (

    select
        account_year.organization_id,
        account_year.financial_year_key,
        account_year.account_key,
        account_year.statement_line_key,
        account_year.opening_balance,
        account_year.debit_amount,
        account_year.credit_amount,
        account_year.net_amount,
        account_year.closing_balance,
        account_year.row_count,
        account_year.opening_balance
        - coalesce(stated_account.opening_amount, 0) as rolled_amount,
        coalesce(stated_account.closing_amount, 0) as stated_closing_amount,
        coalesce(stated_account.result_amount, 0) as stated_result_amount,
        case
            when dim_account.account_number ~ '^[12]' or stated_account.has_balance
                then case when stated_year.has_closing then 'UB' end
            when stated_year.has_result then 'RES'
        end as stated_kind
    from account_year
    inner join mart.dim_financial_year as financial_year
        on
            account_year.organization_id = financial_year.organization_id
            and account_year.financial_year_key = financial_year.financial_year_key
    inner join mart.dim_account as dim_account
        on
            account_year.organization_id = dim_account.organization_id
            and account_year.account_key = dim_account.account_key
    left join stated_year
        on
            financial_year.organization_id = stated_year.organization_id
            and financial_year.financial_year_id = stated_year.financial_year_id
    left join stated_account
        on
            financial_year.organization_id = stated_account.organization_id
            and financial_year.financial_year_id = stated_account.financial_year_id
            and dim_account.account_number = stated_account.account_number

),

final as (

    select
        -- keys
        organization_id,
        financial_year_key,
        account_key,
        statement_line_key,
        stated_kind,

        -- measures
        opening_balance,
        rolled_amount,
        debit_amount,
        credit_amount,
        net_amount,
        closing_balance,
        case stated_kind
            when 'UB' then stated_closing_amount
            when 'RES' then stated_result_amount
        end as stated_amount,
        case stated_kind
            when 'UB' then closing_balance - rolled_amount - stated_closing_amount
            when 'RES' then net_amount - stated_result_amount
        end as difference_amount,
        row_count
    from compared

)

select * from final;
