-- why: the key figures, each over the spans in which it has a meaning, with what they are made of;
--      arrays hold the month, the year to date and the rolling twelve months
select
    dim_kpi.kpi_code as code,
    case %(language)s when 'en' then dim_kpi.name_en else dim_kpi.name_sv end as label,
    dim_kpi.unit,
    dim_kpi.good,
    case %(language)s when 'en' then dim_kpi.formula_en else dim_kpi.formula_sv end as formula,
    dim_kpi.accounts,
    array[
        max(kpi.value) filter (where kpi.span = 'month'),
        max(kpi.value) filter (where kpi.span = 'year_to_date'),
        max(kpi.value) filter (where kpi.span = 'rolling_12')
    ] as figures,
    array[
        max(kpi.last_year_value) filter (where kpi.span = 'month'),
        max(kpi.last_year_value) filter (where kpi.span = 'year_to_date'),
        max(kpi.last_year_value) filter (where kpi.span = 'rolling_12')
    ] as last_year_figures,
    array[
        max(kpi.numerator_value) filter (where kpi.span = 'month'),
        max(kpi.numerator_value) filter (where kpi.span = 'year_to_date'),
        max(kpi.numerator_value) filter (where kpi.span = 'rolling_12')
    ] as numerators,
    array[
        max(kpi.denominator_value) filter (where kpi.span = 'month'),
        max(kpi.denominator_value) filter (where kpi.span = 'year_to_date'),
        max(kpi.denominator_value) filter (where kpi.span = 'rolling_12')
    ] as denominators
from mart.kpi as kpi
inner join mart.dim_kpi as dim_kpi on kpi.kpi_key = dim_kpi.kpi_key
where kpi.fiscal_period_key = %(period)s
group by dim_kpi.kpi_key
order by dim_kpi.kpi_key
