update control.version
set
    built = %(landed)s,
    built_at = now()
where organization_id = control.current_organization_id()
