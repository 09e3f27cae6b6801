-- severity: stop
-- inputs:   mart.fct_ledger_row, mart.dim_fiscal_period, mart.dim_financial_year
-- why:      periods follow each other through the year without gap or overlap, and every row's day
--           is in its period; so every row is in exactly one
with

period_in_row as (

    select
        fiscal_period.organization_id,
        fiscal_period.fiscal_period_key,
        fiscal_period.start_date,
        fiscal_period.end_date,
        fiscal_period.period_number,
        financial_year.start_date as year_start_date,
        financial_year.end_date as year_end_date,
        lag(fiscal_period.end_date) over of_year as previous_end_date,
        lead(fiscal_period.start_date) over of_year as next_start_date
    from mart.dim_fiscal_period as fiscal_period
    inner join mart.dim_financial_year as financial_year
        on
            fiscal_period.organization_id = financial_year.organization_id
            and fiscal_period.financial_year_key = financial_year.financial_year_key
    window of_year as (
        partition by fiscal_period.organization_id, fiscal_period.financial_year_key
        order by fiscal_period.period_number
    )

),

-- a day is looked at once, not each of its rows
booked_day as (

    select
        organization_id,
        financial_year_key,
        fiscal_period_key,
        voucher_date,
        date_key,
        min(concat_ws(' ', voucher_series, voucher_number)) as voucher,
        count(*) as row_count
    from mart.fct_ledger_row
    group by organization_id, financial_year_key, fiscal_period_key, voucher_date, date_key

)

select
    organization_id,
    'periods do not fill their financial year' as reason,
    jsonb_build_object(
        'year_start', year_start_date,
        'year_end', year_end_date,
        'period', period_number,
        'start', start_date,
        'end', end_date
    ) as detail
from period_in_row
where
    start_date <> coalesce(previous_end_date + 1, year_start_date)
    or (next_start_date is null and end_date <> year_end_date)
    or end_date < start_date
union all
select
    financial_year.organization_id,
    'financial year has no period' as reason,
    jsonb_build_object(
        'year_start', financial_year.start_date, 'year_end', financial_year.end_date
    ) as detail
from mart.dim_financial_year as financial_year
left join mart.dim_fiscal_period as fiscal_period
    on
        financial_year.organization_id = fiscal_period.organization_id
        and financial_year.financial_year_key = fiscal_period.financial_year_key
where fiscal_period.fiscal_period_key is null
union all
select
    booked_day.organization_id,
    'rows are not in their period' as reason,
    jsonb_build_object(
        'voucher', booked_day.voucher,
        'rows', booked_day.row_count,
        'voucher_date', booked_day.voucher_date,
        'date_key', booked_day.date_key,
        'period_start', fiscal_period.start_date,
        'period_end', fiscal_period.end_date
    ) as detail
from booked_day
left join mart.dim_fiscal_period as fiscal_period
    on
        booked_day.organization_id = fiscal_period.organization_id
        and booked_day.financial_year_key = fiscal_period.financial_year_key
        and booked_day.fiscal_period_key = fiscal_period.fiscal_period_key
left join mart.dim_financial_year as financial_year
    on
        booked_day.organization_id = financial_year.organization_id
        and booked_day.financial_year_key = financial_year.financial_year_key
where
    fiscal_period.organization_id is null
    or financial_year.organization_id is null
    or booked_day.date_key
    not between to_char(fiscal_period.start_date, 'YYYYMMDD')::int
    and to_char(fiscal_period.end_date, 'YYYYMMDD')::int
    or booked_day.date_key <> to_char(
        least(
            greatest(booked_day.voucher_date, financial_year.start_date), financial_year.end_date
        ),
        'YYYYMMDD'
    )::int;
