-- why: Fortnox does not know them any more; one that was put on again since it was read stays
with

asked as (

    select
        document_key,
        due_at
    from unnest(%(document_keys)s::text[], %(due_ats)s::timestamptz[]) as due (document_key, due_at)

)

update landing.document
set detail_due_at = null
from asked
where
    document.organization_id = control.current_organization_id()
    and document.resource = %(resource)s
    and document.document_key = asked.document_key
    and document.detail_due_at = asked.due_at
