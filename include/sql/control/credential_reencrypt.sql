-- why: only what is still as it was read; what was renewed meanwhile has the newest key already
update control.credential
set
    access_token = coalesce(%(new_access_token)s::bytea, access_token),
    refresh_token = coalesce(%(new_refresh_token)s::bytea, refresh_token)
where
    organization_id = %(organization_id)s
    and access_token is not distinct from %(access_token)s::bytea
    and refresh_token is not distinct from %(refresh_token)s::bytea
