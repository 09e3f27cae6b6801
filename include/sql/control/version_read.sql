select
    ver.landed,
    coalesce(marts.built, 0) as built,
    ver.refreshed,
    ver.as_of_date
from control.version as ver
left join control.version_built as marts on ver.organization_id = marts.organization_id
where ver.organization_id = control.current_organization_id()
