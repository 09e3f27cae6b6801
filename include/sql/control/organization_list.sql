-- purpose: the connected organizations, oldest first, beside the registry's revision, which is
--          there even when no organization is
with

connected as (

    select
        organization_id,
        tenant_id,
        dag_id,
        organization_name,
        workspace_id,
        dataset_id,
        schedule,
        modules_off
    from control.organization
    where
        disconnected_at is null
        and (%(dag_id)s::text is null or dag_id = %(dag_id)s)

)

select
    registry.revision,
    connected.organization_id,
    connected.tenant_id,
    connected.dag_id,
    connected.organization_name,
    connected.workspace_id,
    connected.dataset_id,
    connected.schedule,
    connected.modules_off
from control.registry
left join connected on true
order by connected.organization_id
