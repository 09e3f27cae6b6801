-- purpose: gives the use back: nobody was let in
update control.invitation
set claimed_at = null
where
    invitation_id = %(invitation_id)s
    and used_at is null
