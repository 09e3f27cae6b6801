-- purpose: the invitation has let its company in
update control.invitation
set
    used_at = clock_timestamp(),
    used_by = %(organization_id)s
where invitation_id = %(invitation_id)s
