-- why: the boxes of the VAT return: the month, its calendar quarter to date and the year to date
select
    vat_box.box as code,
    case %(language)s when 'en' then vat_box.name_en else vat_box.name_sv end as label,
    array[
        sum(vat.amount) filter (where fiscal_period.fiscal_period_key = chosen.fiscal_period_key),
        sum(vat.amount) filter (
            where
            fiscal_period.month_date >= date_trunc('quarter', chosen.month_date)
            and fiscal_period.month_date <= chosen.month_date
        ),
        sum(vat.amount) filter (where fiscal_period.financial_year_key = chosen.financial_year_key)
    ] as amounts,
    sum(vat.settled_amount) filter (
        where fiscal_period.fiscal_period_key = chosen.fiscal_period_key
    ) as settled_amount
from mart.vat_return as vat
inner join mart.dim_vat_box as vat_box on vat.vat_box_key = vat_box.vat_box_key
inner join mart.dim_fiscal_period as fiscal_period
    on
        vat.organization_id = fiscal_period.organization_id
        and vat.fiscal_period_key = fiscal_period.fiscal_period_key
inner join mart.dim_fiscal_period as chosen
    on
        fiscal_period.organization_id = chosen.organization_id
        and chosen.fiscal_period_key = %(period)s
        and fiscal_period.start_date <= chosen.start_date
group by vat_box.vat_box_key
order by vat_box.vat_box_key
