-- severity: warn
-- inputs:   mart.vat_account, mart.dim_vat_box, mart.dim_fiscal_period
-- why:      output VAT of a month is not its rate of the sales at that rate: by more than a
--           percentage point, as Fortnox's own VAT report warns, and by more than a krona a row
with

rate_of_period as (

    select
        vat_account.organization_id,
        vat_account.fiscal_period_key,
        vat_account.vat_rate,
        coalesce(-sum(vat_account.net_amount) filter (
            where vat_box.amount_kind = 'base'
        ), 0) as base_amount,
        coalesce(-sum(vat_account.net_amount) filter (
            where vat_box.amount_kind = 'tax'
        ), 0) as tax_amount,
        sum(vat_account.row_count) as row_count
    from mart.vat_account as vat_account
    inner join mart.dim_vat_box as vat_box on vat_account.vat_box_key = vat_box.vat_box_key
    where vat_account.vat_rate is not null
    group by
        vat_account.organization_id,
        vat_account.fiscal_period_key,
        vat_account.vat_rate

)

select
    rate_of_period.organization_id,
    'output VAT is not its rate of the sales' as reason,
    jsonb_build_object(
        'period', fiscal_period.label_sv,
        'rate', rate_of_period.vat_rate,
        'sales', rate_of_period.base_amount,
        'vat', rate_of_period.tax_amount,
        'expected', round(rate_of_period.base_amount * rate_of_period.vat_rate / 100, 2)
    ) as detail
from rate_of_period
inner join mart.dim_fiscal_period as fiscal_period
    on
        rate_of_period.organization_id = fiscal_period.organization_id
        and rate_of_period.fiscal_period_key = fiscal_period.fiscal_period_key
where
    abs(rate_of_period.tax_amount - rate_of_period.base_amount * rate_of_period.vat_rate / 100)
    > greatest(abs(rate_of_period.base_amount) / 100, rate_of_period.row_count);
