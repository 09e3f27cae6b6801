update control.refresh
set request_id = %(request_id)s
where
    organization_id = control.current_organization_id()
    and asked_at = %(asked_at)s
