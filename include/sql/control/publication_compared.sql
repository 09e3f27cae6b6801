-- purpose: Power BI's figures were found to be the warehouse's, and these readers may see them
update control.publication
set
    compared_at = coalesce(compared_at, now()),
    let_in = %(let_in)s
where organization_id = control.current_organization_id()
