-- grain:  organization x side x day x customer or supplier x bucket
-- key:    organization_id, side, as_of_date, customer_key, supplier_key, ageing_bucket_key
-- inputs: fct_open_item
-- why:    the aged list as accountants print it
create table mart.ageing (
    organization_id bigint not null,
    side text not null,
    as_of_date date not null,
    customer_key bigint not null,
    supplier_key bigint not null,
    ageing_bucket_key int not null,
    date_key int not null,
    is_today boolean not null,
    is_period_end boolean not null,
    invoice_count int not null,
    open_amount numeric(18, 2) not null,
    primary key (
        organization_id, side, as_of_date, customer_key, supplier_key, ageing_bucket_key
    )
);

insert into mart.ageing (
    organization_id, side, as_of_date, customer_key, supplier_key, ageing_bucket_key, date_key,
    is_today, is_period_end, invoice_count, open_amount
)
with

final as (

    select
        organization_id,
        side,
        as_of_date,
        customer_key,
        supplier_key,
        ageing_bucket_key,
        date_key,
        is_today,
        is_period_end,
        count(*) as invoice_count,
        sum(open_amount) as open_amount
    from mart.fct_open_item
    group by
        organization_id,
        side,
        as_of_date,
        customer_key,
        supplier_key,
        ageing_bucket_key,
        date_key,
        is_today,
        is_period_end

)

select * from final;
