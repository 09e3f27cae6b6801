-- why: one build of an organization at a time. It is held by the session, not by the transaction:
--      the build's snapshot must be taken after the wait, and a transaction's first statement
--      takes it
select pg_advisory_lock(hashtextextended('build', %(organization_id)s))
