select
    check_result.check_name,
    check_result.severity,
    check_result.failing,
    check_result.sample
from control.check_result
where check_result.organization_id = control.current_organization_id()
order by check_result.failing = 0, check_result.severity, check_result.check_name
