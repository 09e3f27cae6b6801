-- grain:  organization x financial year x month, cut by the year's own limits
-- key:    organization_id, fiscal_period_key
-- inputs: staging.fiscal_period, staging.member_key, dim_financial_year, mart.dim_date
-- why:    a financial year need not start in January, on a first, or last twelve months
create table mart.dim_fiscal_period (
    organization_id bigint not null,
    fiscal_period_key bigint not null,
    financial_year_key bigint not null,
    period_number int not null,
    date_key int not null,
    month_order int not null,
    label_sv text not null,
    label_en text not null,
    month_date date not null,
    start_date date not null,
    end_date date not null,
    is_first boolean not null,
    is_last boolean not null,
    primary key (organization_id, fiscal_period_key),
    unique (organization_id, financial_year_key, period_number)
);

insert into mart.dim_fiscal_period (
    organization_id, fiscal_period_key, financial_year_key, period_number, date_key,
    month_order, label_sv, label_en, month_date, start_date, end_date, is_first, is_last
)
with

final as (

    select
        -- keys
        fiscal_period.organization_id,
        member_key.member_key as fiscal_period_key,
        financial_year.financial_year_key,
        fiscal_period.period_number,
        last_day.date_key,

        -- dimensions
        last_day.month_order,
        last_day.month_sv as label_sv,
        last_day.month_en as label_en,

        -- dates
        fiscal_period.month_date,
        fiscal_period.start_date,
        fiscal_period.end_date,

        -- flags
        fiscal_period.start_date = financial_year.start_date as is_first,
        fiscal_period.end_date = financial_year.end_date as is_last
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
    inner join mart.dim_date as last_day on fiscal_period.end_date = last_day.calendar_date

)

select * from final;
