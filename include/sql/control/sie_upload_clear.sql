-- purpose: nothing is handed in for the organization any more, and nothing old for any other
delete from control.sie_upload
where
    organization_id = control.current_organization_id()
    or uploaded_at < clock_timestamp() - interval '1 day'
