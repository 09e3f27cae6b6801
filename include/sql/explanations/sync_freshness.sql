-- grain:  organization x resource x scope (a financial year's id in Fortnox, or empty)
-- key:    organization_id, resource, scope
-- inputs: control.sync_status
-- why:    when each resource was last asked for and how that went, for the page on data quality
create view mart.sync_freshness with (security_invoker = true) as
select
    organization_id,
    resource,
    scope,
    status,
    fetched as fetched_count,
    changed as changed_count,
    deleted as deleted_count,
    detail,
    swept_at
from control.sync_status;
