-- purpose: how many documents of each resource wait for their single record
select
    resource,
    count(*) as documents
from landing.document
where
    organization_id = control.current_organization_id()
    and detail_due_at is not null
group by resource
order by resource
