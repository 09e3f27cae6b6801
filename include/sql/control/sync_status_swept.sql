select
    scope,
    swept_at
from control.sync_status
where
    organization_id = control.current_organization_id()
    and resource = %(resource)s
    and status = 'ok'
