-- why: in the transaction of the rows that changed; the build shows the details of this moment too
update control.version
set
    landed = landed + 1,
    landed_at = now(),
    has_new_details = false
where organization_id = control.current_organization_id()
returning landed
