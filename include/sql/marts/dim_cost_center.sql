-- grain:  organization x cost centre, and "none"
-- key:    organization_id, cost_center_key
-- inputs: staging.member_key, staging.fortnox_costcenters, staging.ledger_object,
--         staging.financial_year, control.organization
-- why:    Fortnox's register names it, else the newest SIE file; a row without belongs to "none"
create table mart.dim_cost_center (
    organization_id bigint not null,
    cost_center_key bigint not null,
    cost_center_number text not null,
    cost_center_name text not null,
    label_sv text not null,
    label_en text not null,
    is_active boolean,
    primary key (organization_id, cost_center_key),
    unique (organization_id, cost_center_number)
);

insert into mart.dim_cost_center (
    organization_id, cost_center_key, cost_center_number, cost_center_name,
    label_sv, label_en, is_active
)
with

name_in_file as (

    select
        ledger_object.organization_id,
        ledger_object.object_number,
        (
            array_agg(
                ledger_object.object_name order by financial_year.start_date desc nulls last
            )
        )[1] as object_name
    from staging.ledger_object as ledger_object
    left join staging.financial_year as financial_year
        on
            ledger_object.organization_id = financial_year.organization_id
            and ledger_object.financial_year_id = financial_year.financial_year_id
    where ledger_object.dimension_number = '1'
    group by ledger_object.organization_id, ledger_object.object_number

),

named as (

    select
        member_key.organization_id,
        member_key.member_key as cost_center_key,
        member_key.natural_key as cost_center_number,
        coalesce(
            nullif(listed.cost_center_name, ''), name_in_file.object_name, ''
        ) as cost_center_name,
        listed.is_active
    from staging.member_key as member_key
    left join staging.fortnox_costcenters as listed
        on
            member_key.organization_id = listed.organization_id
            and member_key.natural_key = listed.cost_center_number
    left join name_in_file
        on
            member_key.organization_id = name_in_file.organization_id
            and member_key.natural_key = name_in_file.object_number
    where member_key.entity = 'cost_center'

),

final as (

    select
        organization_id,
        cost_center_key,
        cost_center_number,
        cost_center_name,
        concat_ws(' ', cost_center_number, nullif(cost_center_name, '')) as label_sv,
        concat_ws(' ', cost_center_number, nullif(cost_center_name, '')) as label_en,
        is_active
    from named
    union all
    select
        organization_id,
        control.member_key(organization_id, 0) as cost_center_key,
        '' as cost_center_number,
        '' as cost_center_name,
        '(saknas)' as label_sv,
        '(none)' as label_en,
        null as is_active
    from control.organization

)

select * from final;
