insert into control.check_result (
    organization_id, check_name, severity, failing, sample, landed, checked_at
)
values (
    control.current_organization_id(), %(name)s, %(severity)s, %(failing)s, %(sample)s,
    %(landed)s, now()
)
