-- why: when each resource was last asked for, and how that went
select
    resource,
    max(status) as status,
    sum(fetched_count) as fetched_count,
    to_char(max(swept_at) at time zone 'Europe/Stockholm', 'YYYY-MM-DD HH24:MI') as swept_at
from mart.sync_freshness
where organization_id = control.current_organization_id()
group by resource
order by resource
