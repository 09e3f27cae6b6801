-- grain:  organization x fiscal period with a ledger x box of the VAT return
-- key:    organization_id, fiscal_period_key, vat_box_key
-- inputs: vat_account, vat_settlement, dim_fiscal_period, mart.dim_vat_box
-- why:    what the books give for each box; by month, so that a quarter or a year is their sum.
--         Box 49 is 10+11+12+30+31+32+60+61+62-48, and beside it alone stands what the settlement
--         vouchers of the period moved to 2650-2659
create table mart.vat_return (
    organization_id bigint not null,
    fiscal_period_key bigint not null,
    vat_box_key int not null,
    financial_year_key bigint not null,
    date_key int not null,
    amount numeric(18, 2) not null,
    settled_amount numeric(18, 2),
    primary key (organization_id, fiscal_period_key, vat_box_key)
);

insert into mart.vat_return (
    organization_id, fiscal_period_key, vat_box_key, financial_year_key, date_key, amount,
    settled_amount
)
with

boxed as (

    select
        vat_account.organization_id,
        vat_account.fiscal_period_key,
        vat_account.vat_box_key,
        vat_box.sign * sum(vat_account.net_amount) as amount
    from mart.vat_account as vat_account
    inner join mart.dim_vat_box as vat_box on vat_account.vat_box_key = vat_box.vat_box_key
    group by
        vat_account.organization_id,
        vat_account.fiscal_period_key,
        vat_account.vat_box_key,
        vat_box.sign

),

computed as (

    select
        boxed.organization_id,
        boxed.fiscal_period_key,
        sum(-vat_box.sign * boxed.amount) as amount
    from boxed
    inner join mart.dim_vat_box as vat_box
        on
            boxed.vat_box_key = vat_box.vat_box_key
            and vat_box.amount_kind = 'tax'
    group by boxed.organization_id, boxed.fiscal_period_key

),

settled as (

    select
        organization_id,
        fiscal_period_key,
        sum(settled_amount) as settled_amount
    from mart.vat_settlement
    group by organization_id, fiscal_period_key

),

final as (

    select
        -- keys
        fiscal_period.organization_id,
        fiscal_period.fiscal_period_key,
        vat_box.vat_box_key,
        fiscal_period.financial_year_key,
        fiscal_period.date_key,

        -- measures
        case
            when vat_box.amount_kind = 'computed' then coalesce(computed.amount, 0)
            else coalesce(boxed.amount, 0)
        end as amount,
        case
            when vat_box.amount_kind = 'computed' then coalesce(settled.settled_amount, 0)
        end as settled_amount
    from mart.dim_fiscal_period as fiscal_period
    cross join mart.dim_vat_box as vat_box
    left join boxed
        on
            fiscal_period.organization_id = boxed.organization_id
            and fiscal_period.fiscal_period_key = boxed.fiscal_period_key
            and vat_box.vat_box_key = boxed.vat_box_key
    left join computed
        on
            fiscal_period.organization_id = computed.organization_id
            and fiscal_period.fiscal_period_key = computed.fiscal_period_key
    left join settled
        on
            fiscal_period.organization_id = settled.organization_id
            and fiscal_period.fiscal_period_key = settled.fiscal_period_key
    where fiscal_period.has_ledger

)

select * from final;
