-- purpose: keeps a file that was handed in until somebody has looked at what it holds
insert into control.sie_upload (organization_id, file_name, data)
values (control.current_organization_id(), %(file_name)s, %(data)s)
