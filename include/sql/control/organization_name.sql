-- purpose: what the company calls itself, before it is connected
update control.organization
set
    organization_name = %(organization_name)s,
    organization_number = %(organization_number)s
where organization_id = %(organization_id)s
