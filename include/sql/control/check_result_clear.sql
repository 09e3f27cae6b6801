delete from control.check_result
where organization_id = control.current_organization_id()
