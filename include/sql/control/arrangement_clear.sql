-- purpose: before a new arrangement is written
delete from control.arrangement
where organization_id = control.current_organization_id()
