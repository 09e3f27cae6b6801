-- why: how late payments of the last twelve months came, weighted by amount
select
    round(sum(behaviour.days_late_product) / nullif(sum(behaviour.paid_amount), 0), 1) as days_late,
    round(100 * sum(behaviour.late_paid_amount) / nullif(sum(behaviour.paid_amount), 0), 1)
        as late_share
from mart.payment_behaviour as behaviour
inner join mart.dim_fiscal_period as fiscal_period
    on
        behaviour.organization_id = fiscal_period.organization_id
        and behaviour.fiscal_period_key = fiscal_period.fiscal_period_key
inner join mart.dim_fiscal_period as chosen
    on
        fiscal_period.organization_id = chosen.organization_id
        and chosen.fiscal_period_key = %(period)s
        and fiscal_period.month_date
        between chosen.month_date - interval '11 months' and chosen.month_date
where behaviour.side = %(side)s
