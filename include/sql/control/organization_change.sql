-- purpose: what is decided about a company after it was connected
update control.organization
set
    schedule = %(schedule)s,
    modules_off = %(modules_off)s,
    readers = %(readers)s,
    workspace_id = %(workspace_id)s,
    dataset_id = %(dataset_id)s
where organization_id = %(organization_id)s
