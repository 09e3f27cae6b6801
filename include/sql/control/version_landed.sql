-- why: in the transaction of the rows that changed
update control.version
set
    landed = landed + 1,
    landed_at = now()
where organization_id = control.current_organization_id()
returning landed
