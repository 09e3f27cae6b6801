select
    version.landed,
    coalesce(version_built.built, 0) as built,
    version.refreshed,
    to_char(version.landed_at at time zone 'Europe/Stockholm', 'YYYY-MM-DD HH24:MI:SS')
        as landed_at,
    to_char(version_built.built_at at time zone 'Europe/Stockholm', 'YYYY-MM-DD HH24:MI:SS')
        as built_at,
    to_char(version.refreshed_at at time zone 'Europe/Stockholm', 'YYYY-MM-DD HH24:MI:SS')
        as refreshed_at
from control.version
left join control.version_built on version.organization_id = version_built.organization_id
where version.organization_id = control.current_organization_id()
