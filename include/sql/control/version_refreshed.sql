update control.version
set
    refreshed = greatest(refreshed, %(built)s),
    refreshed_at = now()
where organization_id = control.current_organization_id()
