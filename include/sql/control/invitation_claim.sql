-- purpose: takes the one use of an open invitation, before its approval is exchanged; one that was
--          claimed by a process that then died is free again after a while
update control.invitation
set claimed_at = clock_timestamp()
where
    invitation_id = %(invitation_id)s
    and used_at is null
    and revoked_at is null
    and ends_at > clock_timestamp()
    and (claimed_at is null or claimed_at < clock_timestamp() - interval '2 minutes')
returning
    invitation_id,
    organization_number,
    scopes
