-- purpose: the open invitation of a key, noted as seen
update control.invitation
set opened_at = coalesce(opened_at, clock_timestamp())
where
    key_digest = %(key_digest)s
    and used_at is null
    and revoked_at is null
    and ends_at > clock_timestamp()
returning
    invitation_id,
    organization_number,
    scopes
