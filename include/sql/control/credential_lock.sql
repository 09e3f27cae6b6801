-- purpose: one process at a time asks for the organization's tokens
-- why:     held by the session and not by a transaction: what is written down before the request is
--          sent must be committed while the lock is held. PostgreSQL gives it back when the session
--          ends, however it ends
select pg_advisory_lock(
    hashtextextended('credential', control.current_organization_id())
)
