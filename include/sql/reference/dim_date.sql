-- grain: day, whole years without a gap
-- key:   date_key (yyyymmdd)
-- why:   the one calendar for all organizations; weeks by ISO 8601, as Swedish calendars have them.
--        Holidays are those of lag (1989:253) om allmänna helgdagar by their rules (the Whit Monday
--        until 2004, the National Day from 2005), and the three eves on which banks are closed
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
    is_weekend boolean not null,
    is_working_day boolean not null,
    holiday_sv text not null,
    holiday_en text not null
);

insert into mart.dim_date (
    date_key, calendar_date, calendar_year, quarter_number, quarter_order, quarter_sv, quarter_en,
    month_number, month_order, month_name_sv, month_name_en, month_short_sv, month_short_en,
    month_sv, month_en, iso_year, iso_week, week_order, week_sv, week_en, weekday_number,
    weekday_name_sv, weekday_name_en, day_of_month, day_of_year, is_month_end, is_weekend,
    is_working_day, holiday_sv, holiday_en
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

),

-- Easter Sunday of the Gregorian calendar, by the method of Meeus, Jones and Butcher
golden_number as (

    select
        calendar_year,
        calendar_year % 19 as place_in_cycle,
        calendar_year / 100 as century,
        calendar_year % 100 as year_of_century
    from calendar
    group by calendar_year

),

paschal_moon as (

    select
        calendar_year,
        place_in_cycle,
        century,
        year_of_century,
        (
            19 * place_in_cycle + century - century / 4
            - (century - (century + 8) / 25 + 1) / 3 + 15
        ) % 30 as days_to_moon
    from golden_number

),

weekday_of_moon as (

    select
        calendar_year,
        place_in_cycle,
        days_to_moon,
        (
            32 + 2 * (century % 4) + 2 * (year_of_century / 4) - days_to_moon
            - year_of_century % 4
        ) % 7 as days_to_sunday
    from paschal_moon

),

easter as (

    select
        calendar_year,
        make_date(calendar_year, 3, 22) + days_to_moon + days_to_sunday
        - 7 * ((place_in_cycle + 11 * days_to_moon + 22 * days_to_sunday) / 451) as sunday
    from weekday_of_moon

),

after_easter (days_after, name_sv, name_en, year_to) as (

    values
    (-2, 'långfredagen', 'Good Friday', 9999),
    (0, 'påskdagen', 'Easter Sunday', 9999),
    (1, 'annandag påsk', 'Easter Monday', 9999),
    (39, 'Kristi himmelsfärdsdag', 'Ascension Day', 9999),
    (49, 'pingstdagen', 'Whit Sunday', 9999),
    (50, 'annandag pingst', 'Whit Monday', 2004)

),

of_date (month_number, day_of_month, name_sv, name_en, year_from) as (

    values
    (1, 1, 'nyårsdagen', 'New Year''s Day', 0),
    (1, 6, 'trettondedag jul', 'Epiphany', 0),
    (5, 1, 'första maj', 'May Day', 0),
    (6, 6, 'nationaldagen', 'National Day', 2005),
    (12, 24, 'julafton', 'Christmas Eve', 0),
    (12, 25, 'juldagen', 'Christmas Day', 0),
    (12, 26, 'annandag jul', 'Boxing Day', 0),
    (12, 31, 'nyårsafton', 'New Year''s Eve', 0)

),

of_weekday (weekday_number, day_from, day_to, name_sv, name_en) as (

    values
    (5, 619, 625, 'midsommarafton', 'Midsummer Eve'),
    (6, 620, 626, 'midsommardagen', 'Midsummer Day'),
    (6, 1031, 1106, 'alla helgons dag', 'All Saints'' Day')

),

holiday as (

    select
        easter.sunday + after_easter.days_after as calendar_date,
        after_easter.name_sv,
        after_easter.name_en
    from easter
    inner join after_easter on easter.calendar_year <= after_easter.year_to
    union all
    select
        calendar.calendar_date,
        of_date.name_sv,
        of_date.name_en
    from calendar
    inner join of_date
        on
            calendar.month_number = of_date.month_number
            and calendar.day_of_month = of_date.day_of_month
            and calendar.calendar_year >= of_date.year_from
    union all
    select
        calendar.calendar_date,
        of_weekday.name_sv,
        of_weekday.name_en
    from calendar
    inner join of_weekday
        on
            calendar.weekday_number = of_weekday.weekday_number
            and calendar.month_number * 100 + calendar.day_of_month
            between of_weekday.day_from and of_weekday.day_to

),

-- two holidays may fall on one day, as Ascension Day on the first of May in 2008
named_day as (

    select
        calendar_date,
        string_agg(name_sv, ', ' order by name_sv) as name_sv,
        string_agg(name_en, ', ' order by name_en) as name_en
    from holiday
    group by calendar_date

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
    calendar.weekday_number >= 6 as is_weekend,
    calendar.weekday_number < 6 and named_day.calendar_date is null as is_working_day,
    coalesce(named_day.name_sv, '') as holiday_sv,
    coalesce(named_day.name_en, '') as holiday_en
from calendar
inner join month_label on calendar.month_number = month_label.month_number
inner join weekday_label on calendar.weekday_number = weekday_label.weekday_number
left join named_day on calendar.calendar_date = named_day.calendar_date;
