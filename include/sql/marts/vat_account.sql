-- grain:  organization x fiscal period x account of a VAT box
-- key:    organization_id, fiscal_period_key, account_key
-- inputs: fct_account_balance_period, fct_ledger_row, vat_settlement, dim_account,
--         dim_financial_year, mart.dim_vat_box, mart.vat_box_account, mart.vat_code_box
-- why:    what moved on the accounts of the VAT return, without the vouchers that settle it, with
--         which every box would be zero. Ledger amounts (debit +)
create table mart.vat_account (
    organization_id bigint not null,
    fiscal_period_key bigint not null,
    account_key bigint not null,
    vat_box_key int not null,
    vat_rate int,
    row_count int not null,
    net_amount numeric(18, 2) not null,
    primary key (organization_id, fiscal_period_key, account_key)
);

insert into mart.vat_account (
    organization_id, fiscal_period_key, account_key, vat_box_key, vat_rate, row_count, net_amount
)
with

box_of_account as (

    select
        dim_account.organization_id,
        dim_account.account_key,
        financial_year.financial_year_key,
        coalesce(code_box.box, account_box.box) as box,
        coalesce(code_box.vat_rate, account_box.vat_rate) as vat_rate
    from mart.dim_account as dim_account
    inner join mart.dim_financial_year as financial_year
        on dim_account.organization_id = financial_year.organization_id
    left join mart.vat_code_box as code_box on dim_account.vat_code = code_box.vat_code
    left join mart.vat_box_account as account_box
        on
            dim_account.bas_number between account_box.account_from and account_box.account_to
            and financial_year.bas_year
            between account_box.bas_year_from and account_box.bas_year_to

),

settled as (

    select
        ledger_row.organization_id,
        ledger_row.fiscal_period_key,
        ledger_row.account_key,
        count(*) as row_count,
        sum(ledger_row.amount) as net_amount
    from mart.vat_settlement as settlement
    inner join mart.fct_ledger_row as ledger_row
        on
            settlement.organization_id = ledger_row.organization_id
            and settlement.financial_year_key = ledger_row.financial_year_key
            and settlement.voucher_series = ledger_row.voucher_series
            and settlement.voucher_number = ledger_row.voucher_number
            and settlement.voucher_ordinal = ledger_row.voucher_ordinal
    where not ledger_row.is_struck
    group by
        ledger_row.organization_id,
        ledger_row.fiscal_period_key,
        ledger_row.account_key

),

final as (

    select
        -- keys
        balance.organization_id,
        balance.fiscal_period_key,
        balance.account_key,
        vat_box.vat_box_key,

        -- dimensions
        box_of_account.vat_rate,

        -- measures
        balance.row_count - coalesce(settled.row_count, 0) as row_count,
        balance.net_amount - coalesce(settled.net_amount, 0) as net_amount
    from mart.fct_account_balance_period as balance
    inner join box_of_account
        on
            balance.organization_id = box_of_account.organization_id
            and balance.financial_year_key = box_of_account.financial_year_key
            and balance.account_key = box_of_account.account_key
    inner join mart.dim_vat_box as vat_box on box_of_account.box = vat_box.box
    left join settled
        on
            balance.organization_id = settled.organization_id
            and balance.fiscal_period_key = settled.fiscal_period_key
            and balance.account_key = settled.account_key
    where balance.row_count > coalesce(settled.row_count, 0)

)

select * from final;
