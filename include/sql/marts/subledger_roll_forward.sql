-- grain:  organization x side x fiscal period with a ledger
-- key:    organization_id, side, fiscal_period_key
-- inputs: fct_subledger_movement, dim_fiscal_period
-- why:    opening, what came and went by kind, closing. Credits matched against invoices cancel;
--         what their rates differ by is a currency difference
create table mart.subledger_roll_forward (
    organization_id bigint not null,
    side text not null,
    fiscal_period_key bigint not null,
    financial_year_key bigint not null,
    date_key int not null,
    opening_amount numeric(18, 2) not null,
    invoiced_amount numeric(18, 2) not null,
    credited_amount numeric(18, 2) not null,
    paid_amount numeric(18, 2) not null,
    written_off_amount numeric(18, 2) not null,
    settled_amount numeric(18, 2) not null,
    currency_difference_amount numeric(18, 2) not null,
    closing_amount numeric(18, 2) not null,
    primary key (organization_id, side, fiscal_period_key)
);

insert into mart.subledger_roll_forward (
    organization_id, side, fiscal_period_key, financial_year_key, date_key, opening_amount,
    invoiced_amount, credited_amount, paid_amount, written_off_amount, settled_amount,
    currency_difference_amount, closing_amount
)
with

moved_day as materialized (

    select
        organization_id,
        side,
        movement_date,
        sum(amount) as amount,
        sum(amount) filter (where movement_kind = 'invoiced') as invoiced_amount,
        sum(amount) filter (where movement_kind = 'credited') as credited_amount,
        sum(amount) filter (where movement_kind = 'paid') as paid_amount,
        sum(amount) filter (where movement_kind = 'written_off') as written_off_amount,
        sum(amount) filter (where movement_kind = 'settled') as settled_amount,
        sum(amount) filter (
            where movement_kind in ('currency_difference', 'matched')
        ) as currency_difference_amount
    from mart.fct_subledger_movement
    group by organization_id, side, movement_date

),

side_of_organization as (

    select
        organization_id,
        side
    from moved_day
    group by organization_id, side

),

final as (

    select
        -- keys
        fiscal_period.organization_id,
        side_of_organization.side,
        fiscal_period.fiscal_period_key,
        fiscal_period.financial_year_key,
        fiscal_period.date_key,

        -- measures
        coalesce(sum(moved_day.amount) filter (
            where moved_day.movement_date < fiscal_period.start_date
        ), 0) as opening_amount,
        coalesce(sum(moved_day.invoiced_amount) filter (
            where moved_day.movement_date >= fiscal_period.start_date
        ), 0) as invoiced_amount,
        coalesce(sum(moved_day.credited_amount) filter (
            where moved_day.movement_date >= fiscal_period.start_date
        ), 0) as credited_amount,
        coalesce(sum(moved_day.paid_amount) filter (
            where moved_day.movement_date >= fiscal_period.start_date
        ), 0) as paid_amount,
        coalesce(sum(moved_day.written_off_amount) filter (
            where moved_day.movement_date >= fiscal_period.start_date
        ), 0) as written_off_amount,
        coalesce(sum(moved_day.settled_amount) filter (
            where moved_day.movement_date >= fiscal_period.start_date
        ), 0) as settled_amount,
        coalesce(sum(moved_day.currency_difference_amount) filter (
            where moved_day.movement_date >= fiscal_period.start_date
        ), 0) as currency_difference_amount,
        coalesce(sum(moved_day.amount), 0) as closing_amount
    from mart.dim_fiscal_period as fiscal_period
    inner join side_of_organization
        on fiscal_period.organization_id = side_of_organization.organization_id
    left join moved_day
        on
            fiscal_period.organization_id = moved_day.organization_id
            and side_of_organization.side = moved_day.side
            and fiscal_period.end_date >= moved_day.movement_date
    where fiscal_period.has_ledger
    group by
        fiscal_period.organization_id,
        side_of_organization.side,
        fiscal_period.fiscal_period_key,
        fiscal_period.financial_year_key,
        fiscal_period.date_key,
        fiscal_period.start_date

)

select * from final;
