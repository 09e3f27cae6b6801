-- purpose: what Fortnox gave; whatever was wrong before is mended by it
update control.credential
set
    credential_kind = %(credential_kind)s,
    access_token = %(access_token)s,
    expires_at = clock_timestamp() + %(lifetime)s,
    refresh_token = %(refresh_token)s::bytea,
    refresh_expires_at = clock_timestamp() + %(refresh_lifetime)s::interval,
    scopes = %(scopes)s,
    renewed_at = clock_timestamp(),
    asked_at = null,
    lost_at = null,
    lost_reason = null
where organization_id = control.current_organization_id()
