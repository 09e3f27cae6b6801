-- grain:  organization x day of a financial year
-- key:    organization_id, date_key
-- inputs: dim_fiscal_period, dim_financial_year, mart.dim_date
-- why:    one calendar serves organizations with different financial years: here is which year and
--         period of theirs a day is. Of two years that both have the day it is the newer's
create table mart.bridge_organization_date (
    organization_id bigint not null,
    date_key int not null,
    financial_year_key bigint not null,
    fiscal_period_key bigint not null,
    day_of_financial_year int not null,
    primary key (organization_id, date_key)
);

insert into mart.bridge_organization_date (
    organization_id, date_key, financial_year_key, fiscal_period_key, day_of_financial_year
)
with

day_by_age as (

    select
        fiscal_period.organization_id,
        calendar.date_key,
        fiscal_period.financial_year_key,
        fiscal_period.fiscal_period_key,
        calendar.calendar_date - financial_year.start_date + 1 as day_of_financial_year,
        row_number() over (
            partition by fiscal_period.organization_id, calendar.date_key
            order by financial_year.start_date desc, fiscal_period.fiscal_period_key asc
        ) as age
    from mart.dim_fiscal_period as fiscal_period
    inner join mart.dim_financial_year as financial_year
        on
            fiscal_period.organization_id = financial_year.organization_id
            and fiscal_period.financial_year_key = financial_year.financial_year_key
    inner join mart.dim_date as calendar
        on calendar.calendar_date between fiscal_period.start_date and fiscal_period.end_date

),

final as (

    select
        organization_id,
        date_key,
        financial_year_key,
        fiscal_period_key,
        day_of_financial_year
    from day_by_age
    where age = 1

)

select * from final;
