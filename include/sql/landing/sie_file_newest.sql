-- purpose: the digest of the newest stored file of a year, and when it was asked for
select
    content_digest,
    fetched_at
from landing.sie_file
where
    organization_id = control.current_organization_id()
    and financial_year_id = %(financial_year_id)s
    and is_newest
