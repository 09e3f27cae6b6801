-- grain:  organization x financial year x calendar month, cut by the year's own limits
-- key:    organization_id, financial_year_id, period_number
-- inputs: staging.financial_year
-- why:    broken, short, long and mid-month years all occur
create view staging.fiscal_period with (security_invoker = true) as
select
    financial_year.organization_id,
    financial_year.financial_year_id,
    row_number() over (
        partition by financial_year.organization_id, financial_year.financial_year_id
        order by calendar.month_date
    )::int as period_number,
    calendar.month_date::date as month_date,
    greatest(calendar.month_date::date, financial_year.start_date) as start_date,
    least(
        (calendar.month_date + interval '1 month' - interval '1 day')::date,
        financial_year.end_date
    ) as end_date
from staging.financial_year as financial_year
cross join lateral generate_series(
    date_trunc('month', financial_year.start_date::timestamp),
    financial_year.end_date::timestamp,
    interval '1 month'
) as calendar (month_date);
