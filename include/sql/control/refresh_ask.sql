-- why: committed before the request is sent, so that a process killed in between leaves word of it;
--      of two processes one may ask
insert into control.refresh (organization_id, built, asked_at)
values (control.current_organization_id(), %(built)s, %(asked_at)s)
on conflict (organization_id) do nothing
returning built
