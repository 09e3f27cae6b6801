-- why: who owes most, or is owed most, by days overdue (the order of dim_ageing_bucket)
with

chosen as (

    select
        fiscal_period.organization_id,
        least(fiscal_period.end_date, today.as_of_date) as as_of_date
    from mart.dim_fiscal_period as fiscal_period
    inner join mart.as_of as today on fiscal_period.organization_id = today.organization_id
    where fiscal_period.fiscal_period_key = %(period)s

)

select
    case
        when ageing.side = 'payable' and %(language)s = 'en' then dim_supplier.label_en
        when ageing.side = 'payable' then dim_supplier.label_sv
        when %(language)s = 'en' then dim_customer.label_en
        else dim_customer.label_sv
    end as label,
    array(
        select coalesce(sum(in_bucket.open_amount), 0)
        from mart.dim_ageing_bucket as bucket
        left join mart.ageing as in_bucket
            on
                bucket.ageing_bucket_key = in_bucket.ageing_bucket_key
                and in_bucket.organization_id = ageing.organization_id
                and in_bucket.side = ageing.side
                and in_bucket.as_of_date = ageing.as_of_date
                and in_bucket.customer_key = ageing.customer_key
                and in_bucket.supplier_key = ageing.supplier_key
        group by bucket.ageing_bucket_key
        order by bucket.ageing_bucket_key
    ) || sum(ageing.open_amount) as amounts
from chosen
inner join mart.ageing as ageing
    on
        chosen.organization_id = ageing.organization_id
        and chosen.as_of_date = ageing.as_of_date
        and ageing.side = %(side)s
left join mart.dim_customer as dim_customer
    on
        ageing.organization_id = dim_customer.organization_id
        and ageing.customer_key = dim_customer.customer_key
left join mart.dim_supplier as dim_supplier
    on
        ageing.organization_id = dim_supplier.organization_id
        and ageing.supplier_key = dim_supplier.supplier_key
group by
    ageing.organization_id,
    ageing.side,
    ageing.as_of_date,
    ageing.customer_key,
    ageing.supplier_key,
    dim_customer.label_sv,
    dim_customer.label_en,
    dim_supplier.label_sv,
    dim_supplier.label_en
order by sum(ageing.open_amount) desc, ageing.customer_key asc, ageing.supplier_key asc
limit 10
