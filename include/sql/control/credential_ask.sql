-- why: committed before the refresh token is sent; what was sent earlier and never answered stays
update control.credential
set asked_at = coalesce(asked_at, clock_timestamp())
where organization_id = control.current_organization_id()
returning organization_id
