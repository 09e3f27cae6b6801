-- why: one writer at a time for what is named, until the transaction ends
select pg_advisory_xact_lock(
    hashtextextended(%(name)s, control.current_organization_id())
)
