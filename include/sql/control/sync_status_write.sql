insert into control.sync_status (
    organization_id, resource, scope, run_id, status, mode, fetched, changed, deleted, requests,
    seconds, detail, swept_at, details_done, details_left, expected_at
)
values (
    control.current_organization_id(), %(resource)s, %(scope)s, %(run_id)s, %(status)s, %(mode)s,
    %(fetched)s, %(changed)s, %(deleted)s, %(requests)s, %(seconds)s, %(detail)s, %(swept_at)s,
    %(details_done)s, %(details_left)s, %(expected_at)s
)
on conflict (organization_id, resource, scope) do update set
    run_id = excluded.run_id,
    status = excluded.status,
    mode = excluded.mode,
    fetched = excluded.fetched,
    changed = excluded.changed,
    deleted = excluded.deleted,
    requests = excluded.requests,
    seconds = excluded.seconds,
    detail = excluded.detail,
    swept_at = excluded.swept_at,
    details_done = excluded.details_done,
    details_left = excluded.details_left,
    expected_at = excluded.expected_at
