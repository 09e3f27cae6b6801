-- purpose: how many records of one scope of a resource are alive
select count(*) as alive
from landing.document
where
    organization_id = control.current_organization_id()
    and resource = %(resource)s
    and scope = %(scope)s
    and deleted_at is null
