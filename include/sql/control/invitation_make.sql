-- purpose: a new invitation
insert into control.invitation (
    key_digest, addressee, organization_number, scopes, made_by, ends_at
)
values (
    %(key_digest)s, %(addressee)s, %(organization_number)s, %(scopes)s, %(made_by)s,
    clock_timestamp() + %(lifetime)s
)
returning invitation_id
