-- purpose: the stored access token under a row lock, and whether it lasts for the margin asked for
select
    access_token,
    coalesce(expires_at > clock_timestamp() + %(margin)s, false) as is_fresh
from control.credential
where organization_id = control.current_organization_id()
for update
