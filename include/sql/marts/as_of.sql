-- grain:  organization
-- key:    organization_id
-- inputs: control.version, dim_fiscal_period
-- why:    the day that reports call today (Swedish), and the newest period begun by then; the only
--         thing in the marts that knows of the clock
create table mart.as_of (
    organization_id bigint not null,
    as_of_date date,
    date_key int,
    financial_year_key bigint,
    fiscal_period_key bigint,
    primary key (organization_id)
);

insert into mart.as_of (
    organization_id, as_of_date, date_key, financial_year_key, fiscal_period_key
)
with

period_by_age as (

    select
        ver.organization_id,
        ver.as_of_date,
        fiscal_period.financial_year_key,
        fiscal_period.fiscal_period_key,
        row_number() over (
            partition by ver.organization_id
            order by fiscal_period.start_date desc, fiscal_period.fiscal_period_key desc
        ) as age
    from control.version as ver
    left join mart.dim_fiscal_period as fiscal_period
        on
            ver.organization_id = fiscal_period.organization_id
            and ver.as_of_date >= fiscal_period.start_date

),

final as (

    select
        organization_id,
        as_of_date,
        to_char(as_of_date, 'YYYYMMDD')::int as date_key,
        financial_year_key,
        fiscal_period_key
    from period_by_age
    where age = 1

)

select * from final;
