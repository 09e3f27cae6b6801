-- purpose: merges the pages in incoming_page into landing.document; returns what changed
-- why:     set-based, and an unchanged row is not touched. Times are Fortnox's clock when the list
--          was asked for, in whole seconds; a microsecond tells changes of one second apart. A row
--          that a later answer has written is left to that answer. A whole list marks what it no
--          longer holds as deleted; a record that returns is alive again, and what it was ended
--          when it was deleted. Records are compared as values: no digest need be made of each.
--          What is longer than an index can hold is no key of anything
with

answer as (

    select
        page_number,
        body -> %(list_key)s as records,
        %(key_fields)s::text[] as key_fields
    from incoming_page
    where body ? %(list_key)s

),

element as (

    select
        record.body,
        answer.key_fields,
        answer.page_number * 1000000 + record.position as place,
        nullif(record.body ->> answer.key_fields[1], '') as first_part,
        nullif(record.body ->> answer.key_fields[2], '') as second_part,
        nullif(record.body ->> answer.key_fields[3], '') as third_part
    from answer
    cross join lateral jsonb_array_elements(
        case jsonb_typeof(answer.records)
            when 'array' then answer.records
            when 'null' then '[]'
            else jsonb_build_array(answer.records)
        end
    ) with ordinality as record (body, position)

),

-- materialized, or the planner would join page by page
listed as materialized (

    select
        body,
        place,
        case
            when
                jsonb_typeof(body) = 'object'
                and num_nonnulls(first_part, second_part, third_part) = cardinality(key_fields)
                and octet_length(concat_ws('/', first_part, second_part, third_part)) <= 1000
                then concat_ws('/', first_part, second_part, third_part)
            else '?' || md5(body::text)
        end as document_key
    from element

),

-- of a record that comes twice the last counts
incoming_key as materialized (

    select
        document_key,
        max(place) as last_place
    from listed
    group by document_key

),

-- by their keys, so that an increment of three records need not read 200,000
known as (

    select
        document_key,
        list_record,
        deleted_at is not null as is_deleted,
        date_trunc('second', greatest(changed_at, deleted_at)) > %(asked_at)s as is_newer
    from landing.document
    where
        organization_id = control.current_organization_id()
        and resource = %(resource)s
        and (
            %(is_whole)s
            or document_key = any(array(select incoming_key.document_key from incoming_key))
        )

),

compared as materialized (

    select
        incoming_key.document_key,
        incoming_key.last_place,
        known.document_key is null as is_new,
        (known.is_deleted or known.list_record <> listed.body) as is_changed
    from incoming_key
    inner join listed on incoming_key.last_place = listed.place
    left join known on incoming_key.document_key = known.document_key
    where known.is_newer is not true

),

written as not materialized (

    select
        compared.document_key,
        listed.body,
        compared.is_new
    from compared
    inner join listed on compared.last_place = listed.place
    where compared.is_new or compared.is_changed

),

added as (

    insert into landing.document (
        organization_id, resource, document_key, scope, list_record, changed_at, detail_due_at
    )
    select
        control.current_organization_id() as organization_id,
        %(resource)s as resource_name,
        document_key,
        %(scope)s as list_scope,
        body,
        %(asked_at)s as changed_at,
        case when %(is_detailed)s then statement_timestamp() end as detail_due_at
    from written
    where is_new
    returning document_key

),

revised as (

    update landing.document
    set
        scope = %(scope)s,
        list_record = written.body,
        changed_at = greatest(
            %(asked_at)s,
            greatest(document.changed_at, document.deleted_at) + interval '1 microsecond'
        ),
        deleted_at = null,
        detail_changed_at = case
            when document.deleted_at is null or document.detail_record is null
                then document.detail_changed_at
            else greatest(%(asked_at)s, document.deleted_at + interval '1 microsecond')
        end,
        detail_due_at = case
            when %(is_detailed)s
                then greatest(
                    statement_timestamp(), document.detail_due_at + interval '1 microsecond'
                )
            else document.detail_due_at
        end
    from written
    where
        document.organization_id = control.current_organization_id()
        and document.resource = %(resource)s
        and document.document_key = written.document_key
        and document.document_key = any(
            array(
                select compared.document_key
                from compared
                where compared.is_changed
            )
        )
    returning
        document.document_key,
        new.changed_at,
        old.list_record as former_record,
        old.changed_at as former_changed_at,
        old.deleted_at as former_deleted_at,
        old.detail_record as former_detail_record,
        old.detail_changed_at as former_detail_changed_at

),

former as (

    insert into landing.document_version (
        organization_id, resource, document_key, part, record, valid_from, valid_to
    )
    select
        control.current_organization_id() as organization_id,
        %(resource)s as resource_name,
        document_key,
        'list' as record_part,
        former_record,
        former_changed_at,
        coalesce(former_deleted_at, changed_at) as valid_to
    from revised
    where former_record is not null
    union all
    select
        control.current_organization_id() as organization_id,
        %(resource)s as resource_name,
        document_key,
        'detail' as record_part,
        former_detail_record,
        former_detail_changed_at,
        former_deleted_at
    from revised
    where
        former_detail_record is not null
        and former_deleted_at is not null

),

-- an increment names what changed, and what changed may be in the rows alone
named as (

    update landing.document
    set
        detail_due_at = greatest(
            statement_timestamp(), document.detail_due_at + interval '1 microsecond'
        )
    where
        %(is_detailed)s
        and %(names_changes)s
        and organization_id = control.current_organization_id()
        and resource = %(resource)s
        and document_key = any(
            array(
                select compared.document_key
                from compared
                where not compared.is_new and not compared.is_changed
            )
        )

),

swept as (

    update landing.document
    set
        deleted_at = greatest(
            %(asked_at)s,
            greatest(changed_at, detail_changed_at) + interval '1 microsecond'
        ),
        detail_due_at = null
    where
        %(is_whole)s
        and organization_id = control.current_organization_id()
        and resource = %(resource)s
        and scope = %(scope)s
        and deleted_at is null
        and date_trunc('second', greatest(changed_at, detail_changed_at)) <= %(asked_at)s
        and not exists (
            select 1
            from incoming_key
            where document.document_key = incoming_key.document_key
        )
    returning document_key

)

select
    (select count(*) from incoming_key) as fetched,
    (select count(*) from added) + (select count(*) from revised) as changed,
    (select count(*) from swept) as deleted,
    (
        select count(*)
        from incoming_key
        where document_key like '?%%'
    ) as keyless,
    (
        select count(*)
        from incoming_page
        where not body ? %(list_key)s
    ) as without_list
