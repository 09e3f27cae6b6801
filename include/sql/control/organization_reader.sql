-- why: the shared reader sees every organization; a reader of one organization is granted by hand
insert into control.reader_grant (role_name, organization_id)
values (%(role_name)s, %(organization_id)s)
on conflict (organization_id, role_name) do nothing
