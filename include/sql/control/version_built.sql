-- why: in the transaction of the marts that show it
insert into control.version_built (organization_id, built, built_at)
values (control.current_organization_id(), %(landed)s, now())
on conflict (organization_id) do update set
    built = excluded.built,
    built_at = excluded.built_at
