select
    landed,
    built,
    refreshed,
    as_of_date
from control.version
where organization_id = control.current_organization_id()
