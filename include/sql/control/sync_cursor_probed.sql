-- why: what is known of the list itself stays as it is
insert into control.sync_cursor as sync_cursor (
    organization_id, resource, scope, lastmodified, probed_at
)
values (
    control.current_organization_id(), %(resource)s, %(scope)s, %(lastmodified)s, %(probed_at)s
)
on conflict (organization_id, resource, scope) do update set
    lastmodified = excluded.lastmodified,
    probed_at = excluded.probed_at
where coalesce(sync_cursor.probed_at <= excluded.probed_at, true)
