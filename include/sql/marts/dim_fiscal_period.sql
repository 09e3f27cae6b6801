-- grain:  organization x financial year x month, cut by the year's own limits
-- key:    organization_id, fiscal_period_key
-- inputs: staging.fiscal_period, staging.member_key, staging.fortnox_lockedperiod,
--         dim_financial_year, mart.dim_date
-- why:    a financial year need not start in January, on a first, or last twelve months. The same
--         period last year is that of the same calendar month a year before, in whichever year
--         that is; where a year's limits cut that month in two, the part that begins nearest
create table mart.dim_fiscal_period (
    organization_id bigint not null,
    fiscal_period_key bigint not null,
    financial_year_key bigint not null,
    last_year_period_key bigint,
    period_number int not null,
    date_key int not null,
    month_order int not null,
    financial_year_label text not null,
    label_sv text not null,
    label_en text not null,
    month_date date not null,
    start_date date not null,
    end_date date not null,
    is_first boolean not null,
    is_last boolean not null,
    is_locked boolean not null,
    has_ledger boolean not null,
    has_twelve_months boolean not null,
    primary key (organization_id, fiscal_period_key),
    unique (organization_id, financial_year_key, period_number)
);

insert into mart.dim_fiscal_period (
    organization_id, fiscal_period_key, financial_year_key, last_year_period_key, period_number,
    date_key, month_order, financial_year_label, label_sv, label_en, month_date, start_date,
    end_date, is_first, is_last, is_locked, has_ledger, has_twelve_months
)
with

keyed as (

    select
        fiscal_period.organization_id,
        member_key.member_key as fiscal_period_key,
        financial_year.financial_year_key,
        financial_year.financial_year_label,
        fiscal_period.period_number,
        fiscal_period.month_date,
        fiscal_period.start_date,
        fiscal_period.end_date,
        fiscal_period.start_date = financial_year.start_date as is_first,
        fiscal_period.end_date = financial_year.end_date as is_last,
        financial_year.has_ledger
    from staging.fiscal_period as fiscal_period
    inner join mart.dim_financial_year as financial_year
        on
            fiscal_period.organization_id = financial_year.organization_id
            and fiscal_period.financial_year_id = financial_year.financial_year_id
    inner join staging.member_key as member_key
        on
            fiscal_period.organization_id = member_key.organization_id
            and member_key.entity = 'fiscal_period'
            and fiscal_period.financial_year_id || '/'
            || to_char(fiscal_period.month_date, 'YYYY-MM') = member_key.natural_key

),

same_month_last_year as (

    select
        keyed.organization_id,
        keyed.fiscal_period_key,
        last_year.fiscal_period_key as last_year_period_key,
        row_number() over (
            partition by keyed.organization_id, keyed.fiscal_period_key
            order by
                abs(keyed.start_date - (last_year.start_date + interval '1 year')::date),
                last_year.fiscal_period_key
        ) as distance
    from keyed
    inner join keyed as last_year
        on
            keyed.organization_id = last_year.organization_id
            and keyed.month_date = (last_year.month_date + interval '1 year')::date

),

-- how many of the twelve months that end with this one have a ledger
twelve_months as (

    select
        keyed.organization_id,
        keyed.fiscal_period_key,
        count(distinct reached.month_date) as month_count
    from keyed
    inner join keyed as reached
        on
            keyed.organization_id = reached.organization_id
            and reached.month_date
            between keyed.month_date - interval '11 months' and keyed.month_date
            and reached.has_ledger
    group by keyed.organization_id, keyed.fiscal_period_key

),

final as (

    select
        -- keys
        keyed.organization_id,
        keyed.fiscal_period_key,
        keyed.financial_year_key,
        same_month_last_year.last_year_period_key,
        keyed.period_number,
        last_day.date_key,

        -- dimensions
        last_day.month_order,
        keyed.financial_year_label,
        last_day.month_sv as label_sv,
        last_day.month_en as label_en,

        -- dates
        keyed.month_date,
        keyed.start_date,
        keyed.end_date,

        -- flags
        keyed.is_first,
        keyed.is_last,
        coalesce(keyed.end_date <= locked_period.locked_until_date, false) as is_locked,
        keyed.has_ledger,
        coalesce(twelve_months.month_count = 12, false) as has_twelve_months
    from keyed
    inner join mart.dim_date as last_day on keyed.end_date = last_day.calendar_date
    left join same_month_last_year
        on
            keyed.organization_id = same_month_last_year.organization_id
            and keyed.fiscal_period_key = same_month_last_year.fiscal_period_key
            and same_month_last_year.distance = 1
    left join twelve_months
        on
            keyed.organization_id = twelve_months.organization_id
            and keyed.fiscal_period_key = twelve_months.fiscal_period_key
    left join staging.fortnox_lockedperiod as locked_period
        on keyed.organization_id = locked_period.organization_id

)

select * from final;
