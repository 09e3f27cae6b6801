select
    organization_id,
    tenant_id,
    dag_id,
    organization_name,
    workspace_id,
    dataset_id
from control.organization
where
    disconnected_at is null
    and (%(dag_id)s::text is null or dag_id = %(dag_id)s)
order by organization_id
