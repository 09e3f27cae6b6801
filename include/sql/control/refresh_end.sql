-- why: asked_at tells the refresh that ended from one that another process asked for since
delete from control.refresh
where
    organization_id = control.current_organization_id()
    and asked_at = %(asked_at)s
