-- grain:  organization x financial year x voucher series with vouchers, or that Fortnox lists
-- key:    organization_id, financial_year_key, voucher_series
-- inputs: staging.ledger_voucher, staging.ledger_row, staging.fortnox_voucherseries,
--         staging.fortnox_predefinedvoucherseries, dim_financial_year, unbalanced_voucher
-- why:    what each series is for, by Fortnox and not by its letter, and whether it is whole: the
--         findings of the checks on vouchers, counted. Predefined uses are those of today
create table mart.voucher_series (
    organization_id bigint not null,
    financial_year_key bigint not null,
    voucher_series text not null,
    series_name text not null,
    series_uses text not null,
    is_manual boolean,
    first_number numeric,
    last_number numeric,
    first_voucher_date date,
    last_voucher_date date,
    days_to_registration int,
    voucher_count int not null,
    missing_count int not null,
    repeated_count int not null,
    empty_count int not null,
    unbalanced_count int not null,
    outside_year_count int not null,
    primary key (organization_id, financial_year_key, voucher_series)
);

insert into mart.voucher_series (
    organization_id, financial_year_key, voucher_series, series_name, series_uses, is_manual,
    first_number, last_number, first_voucher_date, last_voucher_date, days_to_registration,
    voucher_count, missing_count, repeated_count, empty_count, unbalanced_count, outside_year_count
)
with

voucher_with_rows as (

    select
        organization_id,
        financial_year_id,
        voucher_series,
        voucher_number,
        voucher_ordinal
    from staging.ledger_row
    where not is_struck
    group by
        organization_id,
        financial_year_id,
        voucher_series,
        voucher_number,
        voucher_ordinal

),

looked_at as (

    select
        ledger_voucher.organization_id,
        financial_year.financial_year_key,
        ledger_voucher.voucher_series,
        ledger_voucher.voucher_date,
        case
            when ledger_voucher.voucher_number ~ '^[0-9]+$'
                then ledger_voucher.voucher_number::numeric
        end as number_value,
        ledger_voucher.registration_date - ledger_voucher.voucher_date as days_to_registration,
        ledger_voucher.voucher_ordinal > 1 as is_repeated,
        voucher_with_rows.organization_id is null as is_empty,
        unbalanced.organization_id is not null as is_unbalanced,
        ledger_voucher.voucher_date
        not between financial_year.start_date and financial_year.end_date as is_outside_year
    from staging.ledger_voucher as ledger_voucher
    inner join mart.dim_financial_year as financial_year
        on
            ledger_voucher.organization_id = financial_year.organization_id
            and ledger_voucher.financial_year_id = financial_year.financial_year_id
    left join voucher_with_rows
        on
            ledger_voucher.organization_id = voucher_with_rows.organization_id
            and ledger_voucher.financial_year_id = voucher_with_rows.financial_year_id
            and ledger_voucher.voucher_series = voucher_with_rows.voucher_series
            and ledger_voucher.voucher_number = voucher_with_rows.voucher_number
            and ledger_voucher.voucher_ordinal = voucher_with_rows.voucher_ordinal
    left join mart.unbalanced_voucher as unbalanced
        on
            financial_year.organization_id = unbalanced.organization_id
            and financial_year.financial_year_key = unbalanced.financial_year_key
            and ledger_voucher.voucher_series = unbalanced.voucher_series
            and ledger_voucher.voucher_number = unbalanced.voucher_number
            and ledger_voucher.voucher_ordinal = unbalanced.voucher_ordinal

),

booked as (

    select
        organization_id,
        financial_year_key,
        voucher_series,
        min(number_value) as first_number,
        max(number_value) as last_number,
        min(voucher_date) as first_voucher_date,
        max(voucher_date) as last_voucher_date,
        max(days_to_registration) as days_to_registration,
        count(*) as voucher_count,
        max(number_value) - min(number_value) + 1 - count(distinct number_value) as missing_count,
        count(*) filter (where is_repeated) as repeated_count,
        count(*) filter (where is_empty) as empty_count,
        count(*) filter (where is_unbalanced) as unbalanced_count,
        count(*) filter (where is_outside_year) as outside_year_count
    from looked_at
    group by organization_id, financial_year_key, voucher_series

),

listed as (

    select
        fortnox_voucherseries.organization_id,
        financial_year.financial_year_key,
        fortnox_voucherseries.voucher_series,
        fortnox_voucherseries.series_name,
        fortnox_voucherseries.is_manual
    from staging.fortnox_voucherseries as fortnox_voucherseries
    inner join mart.dim_financial_year as financial_year
        on
            fortnox_voucherseries.organization_id = financial_year.organization_id
            and fortnox_voucherseries.financial_year_id = financial_year.financial_year_id

),

predefined as (

    select
        organization_id,
        voucher_series,
        string_agg(series_use, ', ' order by series_use) as series_uses
    from staging.fortnox_predefinedvoucherseries
    group by organization_id, voucher_series

),

final as (

    select
        -- keys
        coalesce(booked.organization_id, listed.organization_id) as organization_id,
        coalesce(booked.financial_year_key, listed.financial_year_key) as financial_year_key,
        coalesce(booked.voucher_series, listed.voucher_series) as voucher_series,

        -- dimensions
        coalesce(listed.series_name, '') as series_name,
        coalesce(predefined.series_uses, '') as series_uses,
        listed.is_manual,
        booked.first_number,
        booked.last_number,

        -- dates
        booked.first_voucher_date,
        booked.last_voucher_date,
        booked.days_to_registration,

        -- measures
        coalesce(booked.voucher_count, 0) as voucher_count,
        coalesce(booked.missing_count, 0) as missing_count,
        coalesce(booked.repeated_count, 0) as repeated_count,
        coalesce(booked.empty_count, 0) as empty_count,
        coalesce(booked.unbalanced_count, 0) as unbalanced_count,
        coalesce(booked.outside_year_count, 0) as outside_year_count
    from booked
    full outer join listed
        on
            booked.organization_id = listed.organization_id
            and booked.financial_year_key = listed.financial_year_key
            and booked.voucher_series = listed.voucher_series
    left join predefined
        on
            coalesce(booked.organization_id, listed.organization_id) = predefined.organization_id
            and coalesce(booked.voucher_series, listed.voucher_series) = predefined.voucher_series

)

select * from final;
