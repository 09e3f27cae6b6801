insert into control.credential (organization_id)
values (%(organization_id)s)
on conflict (organization_id) do nothing
