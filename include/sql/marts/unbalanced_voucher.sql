-- grain:  organization x financial year x voucher whose rows do not sum to zero
-- key:    organization_id, financial_year_key, voucher_series, voucher_number, voucher_ordinal
-- inputs: fct_ledger_row, control.ledger_year_built
-- increment: financial_year_key
-- why:    the statements carry what is missing on a line of its own; here is which vouchers it is
create table mart.unbalanced_voucher (
    organization_id bigint not null,
    financial_year_key bigint not null,
    voucher_series text not null,
    voucher_number text not null,
    voucher_ordinal int not null,
    fiscal_period_key bigint not null,
    voucher_date date not null,
    difference_amount numeric(18, 2) not null,
    primary key (
        organization_id, financial_year_key, voucher_series, voucher_number, voucher_ordinal
    )
);

insert into mart.unbalanced_voucher (
    organization_id, financial_year_key, voucher_series, voucher_number, voucher_ordinal,
    fiscal_period_key, voucher_date, difference_amount
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

        -- dates
        ledger_row.voucher_date,

        -- measures
        sum(ledger_row.amount) as difference_amount
    from mart.fct_ledger_row as ledger_row
    inner join control.ledger_year_built as year_built
        on
            ledger_row.organization_id = year_built.organization_id
            and ledger_row.financial_year_key = year_built.financial_year_key
            and year_built.is_stale
    group by
        ledger_row.organization_id,
        ledger_row.financial_year_key,
        ledger_row.voucher_series,
        ledger_row.voucher_number,
        ledger_row.voucher_ordinal,
        ledger_row.fiscal_period_key,
        ledger_row.voucher_date
    having sum(ledger_row.amount) <> 0

)

select * from final;
