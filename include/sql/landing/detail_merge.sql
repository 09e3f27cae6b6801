-- purpose: merges the single records in incoming_detail into landing.document; returns what changed
-- why:     set-based, and only what changed or came off the backlog is written. A document comes
--          off only if its due_at is the one that was read before asking: put on again meanwhile,
--          it is due still. A record that a later answer has written is left to that answer, and a
--          document that is deleted to the list in which it returns
with

answer as (

    select
        place,
        document_key,
        due_at,
        body -> %(detail_key)s as record,
        %(asked_at)s as moment
    from incoming_detail

),

-- of a document that comes twice the last counts
incoming as (

    select
        answer.document_key,
        answer.due_at,
        answer.moment,
        case when jsonb_typeof(answer.record) = 'object' then answer.record end as record
    from answer
    left join answer as later
        on
            answer.document_key = later.document_key
            and answer.place < later.place
    where later.place is null

),

known as (

    select
        document_key,
        detail_record,
        detail_changed_at,
        detail_due_at
    from landing.document
    where
        organization_id = control.current_organization_id()
        and resource = %(resource)s
        and document_key = any(array(select incoming_detail.document_key from incoming_detail))
        and deleted_at is null

),

compared as materialized (

    select
        incoming.document_key,
        incoming.due_at,
        incoming.moment,
        incoming.record,
        coalesce(known.detail_due_at = incoming.due_at, false) as is_done,
        incoming.record <> known.detail_record
        and date_trunc('second', known.detail_changed_at) <= incoming.moment as is_revised,
        incoming.record is not null
        and known.detail_record is null as is_added
    from incoming
    inner join known on incoming.document_key = known.document_key

),

merged as (

    update landing.document
    set
        detail_record = case
            when compared.is_added or compared.is_revised then compared.record
            else document.detail_record
        end,
        detail_changed_at = case
            when compared.is_added or compared.is_revised
                then greatest(
                    compared.moment, document.detail_changed_at + interval '1 microsecond'
                )
            else document.detail_changed_at
        end,
        detail_due_at = nullif(document.detail_due_at, compared.due_at)
    from compared
    where
        document.organization_id = control.current_organization_id()
        and document.resource = %(resource)s
        and document.document_key = compared.document_key
        and document.document_key = any(
            array(select incoming_detail.document_key from incoming_detail)
        )
        and (compared.is_done or compared.is_added or compared.is_revised)
    returning
        document.document_key,
        new.detail_changed_at,
        old.detail_record as former_record,
        old.detail_changed_at as former_changed_at

),

former as (

    insert into landing.document_version (
        organization_id, resource, document_key, part, record, valid_from, valid_to
    )
    select
        control.current_organization_id() as organization_id,
        %(resource)s as resource_name,
        document_key,
        'detail' as record_part,
        former_record,
        former_changed_at,
        detail_changed_at
    from merged
    where detail_changed_at > former_changed_at

)

select
    (select count(*) from incoming) as fetched,
    (
        select count(*)
        from compared
        where is_added or is_revised
    ) as changed,
    (
        select count(*)
        from incoming
        where record is null
    ) as unreadable
