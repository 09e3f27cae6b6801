select
    sync_status.resource,
    sync_status.scope,
    sync_status.status,
    sync_status.fetched,
    sync_status.changed,
    sync_status.deleted,
    sync_status.requests,
    sync_status.seconds,
    sync_status.detail,
    to_char(sync_status.swept_at at time zone 'Europe/Stockholm', 'YYYY-MM-DD HH24:MI:SS') as swept_at
from control.sync_status
where sync_status.organization_id = control.current_organization_id()
order by sync_status.resource, sync_status.scope
