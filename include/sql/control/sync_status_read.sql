select
    resource,
    scope,
    status,
    fetched
from control.sync_status
where organization_id = control.current_organization_id()
order by resource, scope
