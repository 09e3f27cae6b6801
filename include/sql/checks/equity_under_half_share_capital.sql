-- severity: warn
-- inputs:   mart.kpi, mart.dim_kpi, mart.as_of
-- why:      a company whose equity falls under half its share capital must draw up a balance sheet
--           for liquidation purposes (kontrollbalansräkning, aktiebolagslagen 25:13)
select
    kpi.organization_id,
    'equity is under half the share capital' as reason,
    jsonb_build_object(
        'equity', round(kpi.numerator_value, 2),
        'share_capital', round(kpi.denominator_value, 2)
    ) as detail
from mart.kpi as kpi
inner join mart.dim_kpi as dim_kpi
    on
        kpi.kpi_key = dim_kpi.kpi_key
        and dim_kpi.kpi_code = 'equity_to_share_capital'
inner join mart.as_of as today
    on
        kpi.organization_id = today.organization_id
        and kpi.fiscal_period_key = today.fiscal_period_key
where
    kpi.span = 'month'
    and kpi.denominator_value > 0
    and kpi.numerator_value < kpi.denominator_value / 2;
