-- why: what was bought of whom in twelve months, in the twelve before and in the month
select
    case %(language)s when 'en' then dim_supplier.label_en else dim_supplier.label_sv end as label,
    array[
        coalesce(sum(bought.net_amount) filter (
            where dim_date.calendar_date > chosen.end_date - interval '1 year'
        ), 0),
        coalesce(sum(bought.net_amount) filter (
            where dim_date.calendar_date <= chosen.end_date - interval '1 year'
        ), 0),
        coalesce(sum(bought.net_amount) filter (
            where dim_date.calendar_date >= chosen.start_date
        ), 0)
    ] as amounts
from mart.fct_purchase_row as bought
inner join mart.dim_date as dim_date on bought.date_key = dim_date.date_key
inner join mart.dim_fiscal_period as chosen
    on
        bought.organization_id = chosen.organization_id
        and chosen.fiscal_period_key = %(period)s
        and dim_date.calendar_date > chosen.end_date - interval '2 years'
        and dim_date.calendar_date <= chosen.end_date
inner join mart.dim_supplier as dim_supplier
    on
        bought.organization_id = dim_supplier.organization_id
        and bought.supplier_key = dim_supplier.supplier_key
group by dim_supplier.organization_id, dim_supplier.supplier_key
order by amounts desc, label asc
