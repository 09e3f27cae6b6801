-- purpose: the organization's credential as it is now; seconds_left of the access token
select
    credential_kind,
    access_token,
    extract(epoch from expires_at - clock_timestamp())::double precision as seconds_left,
    refresh_token,
    refresh_expires_at,
    asked_at,
    lost_reason
from control.credential
where organization_id = control.current_organization_id()
