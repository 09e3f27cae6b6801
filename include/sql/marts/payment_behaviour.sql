-- grain:  organization x side x fiscal period x customer or supplier that paid or was paid in it
-- key:    organization_id, side, fiscal_period_key, customer_key, supplier_key
-- inputs: fct_subledger_movement, dim_fiscal_period
-- why:    days weighted by amount: sum the two products over any periods and parties and divide
--         them by the amount paid. Counted are payments of invoices, not credits or refunds
create table mart.payment_behaviour (
    organization_id bigint not null,
    side text not null,
    fiscal_period_key bigint not null,
    customer_key bigint not null,
    supplier_key bigint not null,
    date_key int not null,
    payment_count int not null,
    late_payment_count int not null,
    paid_amount numeric(18, 2) not null,
    late_paid_amount numeric(18, 2) not null,
    days_late_product numeric(24, 2) not null,
    days_to_pay_product numeric(24, 2) not null,
    primary key (organization_id, side, fiscal_period_key, customer_key, supplier_key)
);

insert into mart.payment_behaviour (
    organization_id, side, fiscal_period_key, customer_key, supplier_key, date_key,
    payment_count, late_payment_count, paid_amount, late_paid_amount, days_late_product,
    days_to_pay_product
)
with

final as (

    select
        -- keys
        movement.organization_id,
        movement.side,
        fiscal_period.fiscal_period_key,
        movement.customer_key,
        movement.supplier_key,
        fiscal_period.date_key,

        -- measures
        count(*) as payment_count,
        count(*) filter (where movement.days_late > 0) as late_payment_count,
        sum(-movement.amount) as paid_amount,
        coalesce(
            sum(-movement.amount) filter (where movement.days_late > 0), 0
        ) as late_paid_amount,
        sum(-movement.amount * movement.days_late) as days_late_product,
        sum(-movement.amount * movement.days_to_pay) as days_to_pay_product
    from mart.fct_subledger_movement as movement
    inner join mart.dim_fiscal_period as fiscal_period
        on
            movement.organization_id = fiscal_period.organization_id
            and movement.movement_date
            between fiscal_period.start_date and fiscal_period.end_date
            and fiscal_period.has_ledger
    where
        movement.movement_kind = 'paid'
        and movement.amount < 0
    group by
        movement.organization_id,
        movement.side,
        fiscal_period.fiscal_period_key,
        movement.customer_key,
        movement.supplier_key,
        fiscal_period.date_key

)

select * from final;
