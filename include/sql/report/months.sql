-- why: the months that are shown side by side, at most thirteen, the oldest first
with

newest as (

    select
        fiscal_period.fiscal_period_key,
        fiscal_period.label_sv,
        fiscal_period.label_en,
        fiscal_period.start_date
    from mart.dim_fiscal_period as fiscal_period
    inner join mart.dim_fiscal_period as chosen
        on
            fiscal_period.organization_id = chosen.organization_id
            and fiscal_period.start_date <= chosen.start_date
    where
        chosen.fiscal_period_key = %(period)s
        and fiscal_period.has_ledger
    order by fiscal_period.start_date desc
    limit 13

)

select
    fiscal_period_key as period_key,
    case %(language)s when 'en' then label_en else label_sv end as label
from newest
order by start_date
