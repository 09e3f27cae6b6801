-- purpose: no DAG is made of it any more; what was fetched stays
update control.organization
set disconnected_at = clock_timestamp()
where
    organization_id = %(organization_id)s
    and disconnected_at is null
