-- grain:  organization x financial year x voucher that settles VAT
-- key:    organization_id, financial_year_key, voucher_series, voucher_number, voucher_ordinal
-- inputs: fct_ledger_row, dim_account, control.ledger_year_built
-- increment: financial_year_key
-- why:    a voucher whose rows are all VAT accounts (26xx, and 1650 or the rounding 3740), one of
--         them 2650-2659: it empties the accounts of the return. Told by its accounts, because its
--         series is the company's own choice. A debt is positive
create table mart.vat_settlement (
    organization_id bigint not null,
    financial_year_key bigint not null,
    voucher_series text not null,
    voucher_number text not null,
    voucher_ordinal int not null,
    fiscal_period_key bigint not null,
    settled_amount numeric(18, 2) not null,
    primary key (
        organization_id, financial_year_key, voucher_series, voucher_number, voucher_ordinal
    )
);

insert into mart.vat_settlement (
    organization_id, financial_year_key, voucher_series, voucher_number, voucher_ordinal,
    fiscal_period_key, settled_amount
)
with

final as (

    select
        -- keys
        ledger_row.organization_id,
        ledger_row.financial_year_key,
        ledger_row.voucher_series,
        ledger_row.voucher_number,
        ledger_row.voucher_ordinal,
        ledger_row.fiscal_period_key,

        -- measures
        -sum(ledger_row.amount) filter (
            where dim_account.bas_number between 2650 and 2659
        ) as settled_amount
    from mart.fct_ledger_row as ledger_row
    inner join mart.dim_account as dim_account
        on
            ledger_row.organization_id = dim_account.organization_id
            and ledger_row.account_key = dim_account.account_key
    inner join control.ledger_year_built as year_built
        on
            ledger_row.organization_id = year_built.organization_id
            and ledger_row.financial_year_key = year_built.financial_year_key
            and year_built.is_stale
    where not ledger_row.is_struck
    group by
        ledger_row.organization_id,
        ledger_row.financial_year_key,
        ledger_row.voucher_series,
        ledger_row.voucher_number,
        ledger_row.voucher_ordinal,
        ledger_row.fiscal_period_key
    having
        bool_or(dim_account.bas_number between 2650 and 2659)
        and bool_and(
            coalesce(
                dim_account.bas_number between 2600 and 2699
                or dim_account.bas_number in (1650, 3740),
                false
            )
        )

)

select * from final;
