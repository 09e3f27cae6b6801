-- why: one build of an organization at a time. It is held by the session and not by the transaction:
--      the build's snapshot must be taken after the wait, and is taken by a transaction's first
--      statement
select pg_advisory_lock(hashtextextended('build', %(organization_id)s))
