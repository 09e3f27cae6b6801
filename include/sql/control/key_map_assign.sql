-- why: keys come from the data and from the keys given before, never from a sequence: a build that
--      was killed and run again gives what an unbroken one gives
with

member as materialized (

    select
        organization_id,
        entity,
        natural_key
    from staging.member

),

moved as (

    update control.key_map
    set is_member = not is_member
    where
        is_member <> (
            (organization_id, entity, natural_key) in (
                select
                    member.organization_id,
                    member.entity,
                    member.natural_key
                from member
            )
        )

),

newcomer as (

    select
        member.organization_id,
        member.entity,
        member.natural_key
    from member
    left join control.key_map as key_map
        on
            member.organization_id = key_map.organization_id
            and member.entity = key_map.entity
            and member.natural_key = key_map.natural_key
    where key_map.member_number is null

),

numbered as (

    select
        organization_id,
        entity,
        natural_key,
        row_number() over (
            partition by organization_id, entity
            order by natural_key collate "C"
        ) as place
    from newcomer

),

highest as (

    select
        organization_id,
        entity,
        max(member_number) as member_number
    from control.key_map
    group by organization_id, entity

)

insert into control.key_map (organization_id, entity, natural_key, member_number)
select
    numbered.organization_id,
    numbered.entity,
    numbered.natural_key,
    coalesce(highest.member_number, 0) + numbered.place as member_number
from numbered
left join highest
    on
        numbered.organization_id = highest.organization_id
        and numbered.entity = highest.entity
