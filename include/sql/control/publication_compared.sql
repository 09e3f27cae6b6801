-- purpose: Power BI's figures were found to be the warehouse's
update control.publication
set compared_at = coalesce(compared_at, now())
where organization_id = control.current_organization_id()
