-- why: the month that is reported: the one asked for, else the newest begun in which something is
--      booked, else the newest begun with a ledger
select
    fiscal_period.fiscal_period_key as period_key,
    case %(language)s when 'en' then fiscal_period.label_en else fiscal_period.label_sv end
        as label,
    case %(language)s when 'en' then last_year.label_en else last_year.label_sv end
        as last_year_label,
    fiscal_period.month_date,
    financial_year.financial_year_label as year_label,
    fiscal_period.end_date > today.as_of_date as is_running,
    fiscal_period.is_locked,
    exists(
        select
        from mart.fct_budget as budget
        where budget.financial_year_key = fiscal_period.financial_year_key
    ) as has_budget
from mart.dim_fiscal_period as fiscal_period
inner join mart.as_of as today
    on
        fiscal_period.organization_id = today.organization_id
        and fiscal_period.start_date <= today.as_of_date
inner join mart.dim_financial_year as financial_year
    on
        fiscal_period.organization_id = financial_year.organization_id
        and fiscal_period.financial_year_key = financial_year.financial_year_key
left join mart.dim_fiscal_period as last_year
    on
        fiscal_period.organization_id = last_year.organization_id
        and fiscal_period.last_year_period_key = last_year.fiscal_period_key
        and last_year.has_ledger
where
    fiscal_period.has_ledger
    and (%(month)s::date is null or fiscal_period.month_date = %(month)s::date)
order by
    exists (
        select
        from mart.fct_account_balance_period as balance
        where
            balance.fiscal_period_key = fiscal_period.fiscal_period_key
            and balance.row_count > 0
    ) desc,
    fiscal_period.start_date desc
limit 1
