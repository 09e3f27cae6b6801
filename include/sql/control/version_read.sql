select
    version.landed,
    coalesce(version_built.built, 0) as built,
    version.refreshed,
    version.as_of_date
from control.version as version
left join control.version_built as version_built
    on version.organization_id = version_built.organization_id
where version.organization_id = control.current_organization_id()
