-- why: what the boxes of the VAT return are made of, account by account
select
    vat_box.box as line_code,
    dim_account.account_number as account,
    dim_account.account_name as label,
    array[
        coalesce(sum(vat_box.sign * vat.net_amount) filter (
            where fiscal_period.fiscal_period_key = chosen.fiscal_period_key
        ), 0),
        coalesce(sum(vat_box.sign * vat.net_amount) filter (
            where
            fiscal_period.month_date >= date_trunc('quarter', chosen.month_date)
            and fiscal_period.month_date <= chosen.month_date
        ), 0),
        coalesce(sum(vat_box.sign * vat.net_amount) filter (
            where fiscal_period.financial_year_key = chosen.financial_year_key
        ), 0)
    ] as amounts
from mart.vat_account as vat
inner join mart.dim_vat_box as vat_box on vat.vat_box_key = vat_box.vat_box_key
inner join mart.dim_account as dim_account
    on
        vat.organization_id = dim_account.organization_id
        and vat.account_key = dim_account.account_key
inner join mart.dim_fiscal_period as fiscal_period
    on
        vat.organization_id = fiscal_period.organization_id
        and vat.fiscal_period_key = fiscal_period.fiscal_period_key
inner join mart.dim_fiscal_period as chosen
    on
        fiscal_period.organization_id = chosen.organization_id
        and chosen.fiscal_period_key = %(period)s
        and fiscal_period.start_date <= chosen.start_date
group by vat_box.vat_box_key, dim_account.organization_id, dim_account.account_key
order by vat_box.vat_box_key, dim_account.account_number
