-- why: Fortnox said that it did nothing with the refresh token
update control.credential
set asked_at = null
where organization_id = control.current_organization_id()
