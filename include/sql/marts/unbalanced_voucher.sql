-- grain:  organization x financial year x voucher whose rows do not sum to zero
-- key:    organization_id, financial_year_key, voucher_series, voucher_number, voucher_ordinal
-- inputs: fct_ledger_row
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
        organization_id,
        financial_year_key,
        voucher_series,
        voucher_number,
        voucher_ordinal,
        fiscal_period_key,

        -- dates
        voucher_date,

        -- measures
        sum(amount) as difference_amount
    from mart.fct_ledger_row
    group by
        organization_id,
        financial_year_key,
        voucher_series,
        voucher_number,
        voucher_ordinal,
        fiscal_period_key,
        voucher_date
    having sum(amount) <> 0

)

select * from final;
