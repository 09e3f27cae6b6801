-- purpose: a notifier has told it
update control.alert
set told = array_append(told, %(notifier)s)
where
    organization_id = %(organization_id)s
    and cause = %(cause)s
