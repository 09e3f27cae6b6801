select
    resource,
    scope,
    asked_at,
    swept_at,
    lastmodified,
    probed_at,
    record_count
from control.sync_cursor
where organization_id = control.current_organization_id()
order by resource, scope
