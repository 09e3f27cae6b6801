-- purpose: an organization's secrets as they are stored; what is lost is dead and nobody reads it
select
    access_token,
    refresh_token
from control.credential
where
    organization_id = %(organization_id)s
    and lost_at is null
