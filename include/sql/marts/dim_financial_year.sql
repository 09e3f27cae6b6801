-- grain:  organization x financial year
-- key:    organization_id, financial_year_key
-- inputs: staging.financial_year, staging.member_key, staging.fortnox_lockedperiod
-- why:    calendar, broken, short and long years beside each other; Fortnox's ids are not in
--         order of time, so the year before is found by its last day. Broken is a year that does
--         not end with December; closed is one that Fortnox has locked to its end
create table mart.dim_financial_year (
    organization_id bigint not null,
    financial_year_key bigint not null,
    financial_year_id int not null,
    previous_financial_year_key bigint,
    financial_year_label text not null,
    accounting_method text not null,
    account_chart text not null,
    bas_year int not null,
    start_date date not null,
    end_date date not null,
    month_count int not null,
    is_calendar_year boolean not null,
    is_broken boolean not null,
    is_short boolean not null,
    is_long boolean not null,
    is_closed boolean not null,
    has_ledger boolean not null,
    primary key (organization_id, financial_year_key),
    unique (organization_id, financial_year_id)
);

insert into mart.dim_financial_year (
    organization_id, financial_year_key, financial_year_id, previous_financial_year_key,
    financial_year_label, accounting_method, account_chart, bas_year, start_date, end_date,
    month_count, is_calendar_year, is_broken, is_short, is_long, is_closed,
    has_ledger
)
with

measured as (

    select
        financial_year.organization_id,
        financial_year.financial_year_id,
        financial_year.start_date,
        financial_year.end_date,
        financial_year.bas_year,
        financial_year.accounting_method,
        financial_year.account_chart,
        financial_year.has_ledger,
        member_key.member_key as financial_year_key,
        extract(year from financial_year.end_date)::int as end_year,
        age(
            (financial_year.end_date + 1)::timestamp, financial_year.start_date::timestamp
        ) as span,
        (financial_year.start_date + interval '1 year')::date - 1 as full_year_end_date
    from staging.financial_year as financial_year
    inner join staging.member_key as member_key
        on
            financial_year.organization_id = member_key.organization_id
            and member_key.entity = 'financial_year'
            and financial_year.financial_year_id::text = member_key.natural_key

),

numbered_by_end as (

    select
        organization_id,
        end_date,
        max(financial_year_key) as financial_year_key
    from measured
    group by organization_id, end_date

),

final as (

    select
        -- keys
        measured.organization_id,
        measured.financial_year_key,
        measured.financial_year_id,
        previous_year.financial_year_key as previous_financial_year_key,

        -- dimensions
        case
            when measured.bas_year <> measured.end_year
                then measured.bas_year || '/' || to_char(measured.end_date, 'YY')
            when measured.end_date = measured.full_year_end_date
                then measured.end_year::text
            else
                to_char(measured.start_date, 'YYYY-MM') || ' – '
                || to_char(measured.end_date, 'YYYY-MM')
        end as financial_year_label,
        coalesce(measured.accounting_method, '') as accounting_method,
        coalesce(measured.account_chart, '') as account_chart,
        measured.bas_year,

        -- dates
        measured.start_date,
        measured.end_date,
        (
            extract(year from measured.span) * 12 + extract(month from measured.span)
            + case when extract(day from measured.span) > 0 then 1 else 0 end
        )::int as month_count,

        -- flags
        measured.end_date = measured.full_year_end_date
        and measured.bas_year = measured.end_year as is_calendar_year,
        to_char(measured.end_date, 'MMDD') <> '1231' as is_broken,
        measured.end_date < measured.full_year_end_date as is_short,
        measured.end_date > measured.full_year_end_date as is_long,
        coalesce(measured.end_date <= locked_period.locked_until_date, false) as is_closed,
        measured.has_ledger
    from measured
    left join numbered_by_end as previous_year
        on
            measured.organization_id = previous_year.organization_id
            and measured.start_date - 1 = previous_year.end_date
    left join staging.fortnox_lockedperiod as locked_period
        on measured.organization_id = locked_period.organization_id

)

select * from final;
