-- purpose: nothing of the organization's access is kept
update control.credential
set
    credential_kind = 'client_credentials',
    access_token = null,
    expires_at = null,
    refresh_token = null,
    refresh_expires_at = null,
    scopes = default,
    renewed_at = null,
    asked_at = null,
    lost_at = null,
    lost_reason = null
where organization_id = control.current_organization_id()
