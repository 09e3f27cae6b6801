-- purpose: the organization's credential as it is now; time_left of the access token
select
    credential_kind,
    access_token,
    expires_at - clock_timestamp() as time_left,
    refresh_token,
    refresh_expires_at,
    asked_at,
    lost_reason,
    scopes
from control.credential
where organization_id = control.current_organization_id()
