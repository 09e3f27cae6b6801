-- why: no request was taken; the first run after due_at asks
insert into control.refresh (organization_id, built, asked_at, due_at)
values (control.current_organization_id(), %(built)s, %(asked_at)s, %(due_at)s)
on conflict (organization_id) do nothing
