-- why: what is open in a sub-ledger by days overdue, at the end of the month or, where it is
--      running, today; and at the end of the same month a year before
with

chosen as (

    select
        fiscal_period.organization_id,
        least(fiscal_period.end_date, today.as_of_date) as as_of_date,
        last_year.end_date as last_year_date
    from mart.dim_fiscal_period as fiscal_period
    inner join mart.as_of as today on fiscal_period.organization_id = today.organization_id
    left join mart.dim_fiscal_period as last_year
        on
            fiscal_period.organization_id = last_year.organization_id
            and fiscal_period.last_year_period_key = last_year.fiscal_period_key
    where fiscal_period.fiscal_period_key = %(period)s

)

select
    case %(language)s when 'en' then bucket.name_en else bucket.name_sv end as label,
    bucket.days_from > 0 as is_overdue,
    chosen.as_of_date,
    coalesce(sum(ageing.invoice_count) filter (
        where ageing.as_of_date = chosen.as_of_date
    ), 0) as invoice_count,
    coalesce(sum(ageing.open_amount) filter (
        where ageing.as_of_date = chosen.as_of_date
    ), 0) as amount,
    sum(ageing.open_amount) filter (
        where ageing.as_of_date = chosen.last_year_date
    ) as last_year_amount
from mart.dim_ageing_bucket as bucket
cross join chosen
left join mart.ageing as ageing
    on
        chosen.organization_id = ageing.organization_id
        and bucket.ageing_bucket_key = ageing.ageing_bucket_key
        and ageing.side = %(side)s
        and ageing.as_of_date in (chosen.as_of_date, chosen.last_year_date)
group by bucket.ageing_bucket_key, chosen.as_of_date
order by bucket.ageing_bucket_key
