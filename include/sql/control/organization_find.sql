-- purpose: the organization of a tenant, connected or not
select organization_id
from control.organization
where tenant_id = %(tenant_id)s
