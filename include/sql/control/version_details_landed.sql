-- why: a backlog of hours does not build the marts at each of its runs: what its records changed
--      counts once nothing is left, or nothing but what does not come
update control.version
set
    landed = landed + 1,
    landed_at = now(),
    has_new_details = false
where
    organization_id = control.current_organization_id()
    and has_new_details
    and (
        not %(waits)s
        or not exists (
            select 1
            from landing.document
            where
                document.organization_id = control.current_organization_id()
                and document.detail_due_at is not null
        )
    )
