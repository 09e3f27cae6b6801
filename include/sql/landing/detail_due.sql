-- purpose: the documents whose single record is to be asked for, newest first
-- why:     numbers grow with time, and a longer one is larger; the index holds them in this order
select
    document_key,
    detail_due_at
from landing.document
where
    organization_id = control.current_organization_id()
    and resource = %(resource)s
    and detail_due_at is not null
order by length(document_key) desc, document_key desc
limit %(due_limit)s
