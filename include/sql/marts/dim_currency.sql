-- grain:  organization x currency of Fortnox's register or of a document
-- key:    organization_id, currency
-- inputs: staging.fortnox_currencies, fct_subledger_movement, control.organization
-- why:    SEK a unit at Fortnox's present rate, for what has no rate of its own; documents are
--         counted at theirs
create table mart.dim_currency (
    organization_id bigint not null,
    currency text not null,
    currency_name text not null,
    rate numeric(18, 8),
    rate_date date,
    primary key (organization_id, currency)
);

insert into mart.dim_currency (organization_id, currency, currency_name, rate, rate_date)
with

used as (

    select
        organization_id,
        currency
    from mart.fct_subledger_movement
    union distinct
    select
        organization_id,
        currency
    from staging.fortnox_currencies
    union distinct
    select
        organization_id,
        'SEK' as currency
    from control.organization

),

final as (

    select
        used.organization_id,
        used.currency,
        coalesce(listed.currency_name, '') as currency_name,
        case
            when used.currency = 'SEK' then 1
            else listed.buy_rate / coalesce(nullif(listed.rate_unit, 0), 1)
        end as rate,
        listed.rate_date
    from used
    left join staging.fortnox_currencies as listed
        on
            used.organization_id = listed.organization_id
            and used.currency = listed.currency

)

select * from final;
