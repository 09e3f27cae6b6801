-- why: what was sold by article in twelve months, in the twelve before and in the month
select
    case %(language)s when 'en' then dim_article.label_en else dim_article.label_sv end as label,
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
inner join mart.dim_article as dim_article
    on
        sold.organization_id = dim_article.organization_id
        and sold.article_key = dim_article.article_key
group by dim_article.organization_id, dim_article.article_key
order by amounts desc, label asc
