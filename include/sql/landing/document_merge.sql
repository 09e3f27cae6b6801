-- purpose: merges the pages in incoming_page into landing.document; returns what changed
-- why:     set-based, and an unchanged row is not touched; a whole list marks what it no longer
--          holds as deleted, and a record that returns is alive again; statement_timestamp, because
--          one transaction may merge the same resource twice
with

answer as (

    select
        page_number,
        body -> %(list_key)s as records,
        %(key_fields)s::text[] as key_fields
    from incoming_page

),

element as (

    select
        coalesce(
            (
                select string_agg(record.body ->> field.name, '/' order by field.position)
                from unnest(answer.key_fields) with ordinality as field (name, position)
            ),
            '?' || md5(record.body::text)
        ) as document_key,
        record.body,
        (answer.page_number, record.position) as place
    from answer
    cross join lateral jsonb_array_elements(
        case jsonb_typeof(answer.records)
            when 'array' then answer.records
            else jsonb_build_array(answer.records)
        end
    ) with ordinality as record (body, position)

),

numbered as (

    select
        document_key,
        body,
        row_number() over (partition by document_key order by place desc) as place_from_last
    from element

),

incoming as materialized (

    select
        document_key,
        body,
        sha256(convert_to(body::text, 'UTF8')) as digest
    from numbered
    where place_from_last = 1

),

known as (

    select
        document_key,
        list_record,
        list_digest,
        changed_at,
        deleted_at
    from landing.document
    where
        organization_id = control.current_organization_id()
        and resource = %(resource)s

),

changed as materialized (

    select
        incoming.document_key,
        incoming.body,
        incoming.digest,
        known.list_record as former_record,
        known.list_digest as former_digest,
        known.changed_at as former_changed_at
    from incoming
    left join known on incoming.document_key = known.document_key
    where
        known.list_digest is distinct from incoming.digest
        or known.deleted_at is not null

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
        statement_timestamp() as valid_to
    from changed
    where former_digest <> digest

),

merged as (

    insert into landing.document (
        organization_id, resource, document_key, scope, list_record, list_digest, changed_at
    )
    select
        control.current_organization_id() as organization_id,
        %(resource)s as resource_name,
        document_key,
        %(scope)s as swept_scope,
        body,
        digest,
        statement_timestamp() as changed_at
    from changed
    on conflict (organization_id, resource, document_key)
    do update set
        scope = excluded.scope,
        list_record = excluded.list_record,
        list_digest = excluded.list_digest,
        changed_at = excluded.changed_at,
        deleted_at = null

),

swept as (

    update landing.document
    set deleted_at = statement_timestamp()
    where
        organization_id = control.current_organization_id()
        and resource = %(resource)s
        and scope = %(scope)s
        and deleted_at is null
        and not exists (
            select 1
            from incoming
            where document.document_key = incoming.document_key
        )
    returning document_key

)

select
    (select count(*) from incoming) as fetched,
    (select count(*) from changed) as changed,
    (select count(*) from swept) as deleted
