-- purpose: the link leads nowhere any more
update control.invitation
set revoked_at = clock_timestamp()
where
    invitation_id = %(invitation_id)s
    and used_at is null
    and revoked_at is null
returning invitation_id
