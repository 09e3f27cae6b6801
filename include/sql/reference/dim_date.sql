-- grain: day, whole years without a gap
-- key:   date_key (yyyymmdd)
-- why:   the one calendar for all organizations; weeks by ISO 8601, as Swedish calendars have them
create table mart.dim_date (
    date_key int primary key,
    calendar_date date not null unique,
    calendar_year int not null,
    quarter_number int not null,
    quarter_order int not null,
    quarter_sv text not null,
    quarter_en text not null,
    month_number int not null,
    month_order int not null,
    month_name_sv text not null,
    month_name_en text not null,
    month_short_sv text not null,
    month_short_en text not null,
    month_sv text not null,
    month_en text not null,
    iso_year int not null,
    iso_week int not null,
    week_order int not null,
    week_sv text not null,
    week_en text not null,
    weekday_number int not null,
    weekday_name_sv text not null,
    weekday_name_en text not null,
    day_of_month int not null,
    day_of_year int not null,
    is_month_end boolean not null,
    is_weekend boolean not null
);

insert into mart.dim_date (
    date_key, calendar_date, calendar_year, quarter_number, quarter_order, quarter_sv, quarter_en,
    month_number, month_order, month_name_sv, month_name_en, month_short_sv, month_short_en,
    month_sv, month_en, iso_year, iso_week, week_order, week_sv, week_en, weekday_number,
    weekday_name_sv, weekday_name_en, day_of_month, day_of_year, is_month_end, is_weekend
)
with

month_label (month_number, name_sv, name_en, short_sv, short_en) as (

    values
    (1, 'januari', 'January', 'jan', 'Jan'),
    (2, 'februari', 'February', 'feb', 'Feb'),
    (3, 'mars', 'March', 'mar', 'Mar'),
    (4, 'april', 'April', 'apr', 'Apr'),
    (5, 'maj', 'May', 'maj', 'May'),
    (6, 'juni', 'June', 'jun', 'Jun'),
    (7, 'juli', 'July', 'jul', 'Jul'),
    (8, 'augusti', 'August', 'aug', 'Aug'),
    (9, 'september', 'September', 'sep', 'Sep'),
    (10, 'oktober', 'October', 'okt', 'Oct'),
    (11, 'november', 'November', 'nov', 'Nov'),
    (12, 'december', 'December', 'dec', 'Dec')

),

weekday_label (weekday_number, name_sv, name_en) as (

    values
    (1, 'måndag', 'Monday'),
    (2, 'tisdag', 'Tuesday'),
    (3, 'onsdag', 'Wednesday'),
    (4, 'torsdag', 'Thursday'),
    (5, 'fredag', 'Friday'),
    (6, 'lördag', 'Saturday'),
    (7, 'söndag', 'Sunday')

),

calendar as (

    select
        series.day_at::date as calendar_date,
        extract(year from series.day_at)::int as calendar_year,
        extract(quarter from series.day_at)::int as quarter_number,
        extract(month from series.day_at)::int as month_number,
        extract(isoyear from series.day_at)::int as iso_year,
        extract(week from series.day_at)::int as iso_week,
        extract(isodow from series.day_at)::int as weekday_number,
        extract(day from series.day_at)::int as day_of_month,
        extract(doy from series.day_at)::int as day_of_year
    from generate_series(
        '1980-01-01'::timestamp, '2079-12-31'::timestamp, interval '1 day'
    ) as series (day_at)

)

select
    calendar.calendar_year * 10000 + calendar.month_number * 100
    + calendar.day_of_month as date_key,
    calendar.calendar_date,
    calendar.calendar_year,
    calendar.quarter_number,
    calendar.calendar_year * 10 + calendar.quarter_number as quarter_order,
    'kv ' || calendar.quarter_number || ' ' || calendar.calendar_year as quarter_sv,
    'Q' || calendar.quarter_number || ' ' || calendar.calendar_year as quarter_en,
    calendar.month_number,
    calendar.calendar_year * 100 + calendar.month_number as month_order,
    month_label.name_sv as month_name_sv,
    month_label.name_en as month_name_en,
    month_label.short_sv as month_short_sv,
    month_label.short_en as month_short_en,
    month_label.short_sv || ' ' || calendar.calendar_year as month_sv,
    month_label.short_en || ' ' || calendar.calendar_year as month_en,
    calendar.iso_year,
    calendar.iso_week,
    calendar.iso_year * 100 + calendar.iso_week as week_order,
    'v. ' || calendar.iso_week || ' ' || calendar.iso_year as week_sv,
    'W' || calendar.iso_week || ' ' || calendar.iso_year as week_en,
    calendar.weekday_number,
    weekday_label.name_sv as weekday_name_sv,
    weekday_label.name_en as weekday_name_en,
    calendar.day_of_month,
    calendar.day_of_year,
    extract(month from calendar.calendar_date + 1) <> calendar.month_number as is_month_end,
    calendar.weekday_number >= 6 as is_weekend
from calendar
inner join month_label on calendar.month_number = month_label.month_number
inner join weekday_label on calendar.weekday_number = weekday_label.weekday_number;
