-- purpose: the connected organizations, oldest first, beside the registry's revision, which is there
--          even when no organization is
select
    registry.revision,
    organization.organization_id,
    organization.tenant_id,
    organization.dag_id,
    organization.organization_name,
    organization.workspace_id,
    organization.dataset_id
from control.registry
left join control.organization
    on
        organization.disconnected_at is null
        and (%(dag_id)s::text is null or organization.dag_id = %(dag_id)s)
order by organization.organization_id
