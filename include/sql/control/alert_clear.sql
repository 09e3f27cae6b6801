-- purpose: a cause has ended
update control.alert
set cleared_at = %(moment)s
where
    organization_id = %(organization_id)s
    and cause = %(cause)s
