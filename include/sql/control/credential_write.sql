update control.credential
set
    access_token = %(access_token)s,
    expires_at = clock_timestamp() + %(lifetime)s
where organization_id = control.current_organization_id()
