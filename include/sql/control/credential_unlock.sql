select pg_advisory_unlock(
    hashtextextended('credential', control.current_organization_id())
)
