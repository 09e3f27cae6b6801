-- purpose: merges the pages in incoming_page into landing.document; returns what changed
-- why:     set-based, and an unchanged row is not touched; a whole list marks what it no longer
--          holds as deleted, and a record that returns is alive again
with

element as (

    select
        coalesce(
            (
                select string_agg(record.body ->> field.name, '/' order by field.position)
                from unnest(%(key_fields)s::text[]) with ordinality as field (name, position)
            ),
            '?' || md5(record.body::text)
        ) as document_key,
        record.body
    from incoming_page
    cross join lateral jsonb_array_elements(
        case jsonb_typeof(incoming_page.body -> %(list_key)s)
            when 'array' then incoming_page.body -> %(list_key)s
            else jsonb_build_array(incoming_page.body -> %(list_key)s)
        end
    ) as record (body)

),

incoming as materialized (

    select distinct on (document_key)
        document_key,
        body,
        sha256(convert_to(body::text, 'UTF8')) as digest
    from element
    order by document_key

),

former as (

    insert into landing.document_version (
        organization_id, resource, document_key, part, record, valid_from, valid_to
    )
    select
        document.organization_id,
        document.resource,
        document.document_key,
        'list' as part,
        document.list_record,
        document.changed_at,
        now() as valid_to
    from landing.document
    inner join incoming on document.document_key = incoming.document_key
    where
        document.organization_id = control.current_organization_id()
        and document.resource = %(resource)s
        and document.list_digest <> incoming.digest

),

merged as (

    insert into landing.document as document (
        organization_id, resource, document_key, scope, list_record, list_digest, changed_at
    )
    select
        control.current_organization_id() as organization_id,
        %(resource)s as resource,
        incoming.document_key,
        %(scope)s as scope,
        incoming.body,
        incoming.digest,
        now() as changed_at
    from incoming
    on conflict (organization_id, resource, document_key) do update set
        scope = excluded.scope,
        list_record = excluded.list_record,
        list_digest = excluded.list_digest,
        changed_at = excluded.changed_at,
        deleted_at = null
    where
        document.list_digest is distinct from excluded.list_digest
        or document.deleted_at is not null
    returning document.document_key

),

swept as (

    update landing.document
    set deleted_at = now()
    where
        document.organization_id = control.current_organization_id()
        and document.resource = %(resource)s
        and document.scope = %(scope)s
        and document.deleted_at is null
        and not exists (
            select 1
            from incoming
            where document.document_key = incoming.document_key
        )
    returning document.document_key

)

select
    (select count(*) from incoming) as fetched,
    (select count(*) from merged) as changed,
    (select count(*) from swept) as deleted
