-- why: what was sold by customer in twelve months, in the twelve before and in the month
select
    case %(language)s when 'en' then dim_customer.label_en else dim_customer.label_sv end as label,
    array[
        coalesce(sum(sold.net_amount) filter (
            where dim_date.calendar_date > chosen.end_date - interval '1 year'
        ), 0),
        coalesce(sum(sold.net_amount) filter (
            where dim_date.calendar_date <= chosen.end_date - interval '1 year'
        ), 0),
        coalesce(sum(sold.net_amount) filter (
            where dim_date.calendar_date >= chosen.start_date
        ), 0)
    ] as amounts
from mart.fct_sales_row as sold
inner join mart.dim_date as dim_date on sold.date_key = dim_date.date_key
inner join mart.dim_fiscal_period as chosen
    on
        sold.organization_id = chosen.organization_id
        and chosen.fiscal_period_key = %(period)s
        and dim_date.calendar_date > chosen.end_date - interval '2 years'
        and dim_date.calendar_date <= chosen.end_date
inner join mart.dim_customer as dim_customer
    on
        sold.organization_id = dim_customer.organization_id
        and sold.customer_key = dim_customer.customer_key
group by dim_customer.organization_id, dim_customer.customer_key
order by amounts desc, label asc
