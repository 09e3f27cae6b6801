-- grain:  organization x project, and "none"
-- key:    organization_id, project_key
-- inputs: staging.member_key, staging.fortnox_projects, staging.ledger_object,
--         staging.financial_year, control.organization
-- why:    Fortnox's register names it, else the newest SIE file; a row without belongs to "none"
create table mart.dim_project (
    organization_id bigint not null,
    project_key bigint not null,
    project_number text not null,
    project_name text not null,
    label_sv text not null,
    label_en text not null,
    status text not null,
    status_sv text not null,
    status_en text not null,
    start_date date,
    end_date date,
    primary key (organization_id, project_key),
    unique (organization_id, project_number)
);

insert into mart.dim_project (
    organization_id, project_key, project_number, project_name, label_sv, label_en,
    status, status_sv, status_en, start_date, end_date
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
    where ledger_object.dimension_number = '6'
    group by ledger_object.organization_id, ledger_object.object_number

),

named as (

    select
        member_key.organization_id,
        member_key.member_key as project_key,
        member_key.natural_key as project_number,
        coalesce(nullif(listed.project_name, ''), name_in_file.object_name, '') as project_name,
        coalesce(listed.status, '') as status,
        listed.start_date,
        listed.end_date
    from staging.member_key as member_key
    left join staging.fortnox_projects as listed
        on
            member_key.organization_id = listed.organization_id
            and member_key.natural_key = listed.project_number
    left join name_in_file
        on
            member_key.organization_id = name_in_file.organization_id
            and member_key.natural_key = name_in_file.object_number
    where member_key.entity = 'project'

),

final as (

    select
        organization_id,
        project_key,
        project_number,
        project_name,
        concat_ws(' ', project_number, nullif(project_name, '')) as label_sv,
        concat_ws(' ', project_number, nullif(project_name, '')) as label_en,
        status,
        case status
            when 'NOTSTARTED' then 'Ej påbörjat'
            when 'ONGOING' then 'Pågående'
            when 'COMPLETED' then 'Avslutat'
            else '(saknas)'
        end as status_sv,
        case status
            when 'NOTSTARTED' then 'Not started'
            when 'ONGOING' then 'Ongoing'
            when 'COMPLETED' then 'Completed'
            else '(none)'
        end as status_en,
        start_date,
        end_date
    from named
    union all
    select
        organization_id,
        control.member_key(organization_id, 0) as project_key,
        '' as project_number,
        '' as project_name,
        '(saknas)' as label_sv,
        '(none)' as label_en,
        '' as status,
        '(saknas)' as status_sv,
        '(none)' as status_en,
        null as start_date,
        null as end_date
    from control.organization

)

select * from final;
