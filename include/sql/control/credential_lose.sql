-- why: only a person can bring the access back; nobody asks Fortnox with this refresh token again
update control.credential
set
    access_token = null,
    expires_at = null,
    asked_at = null,
    lost_at = clock_timestamp(),
    lost_reason = %(reason)s
where organization_id = control.current_organization_id()
