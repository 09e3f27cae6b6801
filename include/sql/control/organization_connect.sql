-- why: saving twice does no harm: the same tenant is the same organization and the same DAG
insert into control.organization (
    tenant_id, dag_id, organization_name, organization_number, workspace_id, dataset_id,
    connected_at
)
values (
    %(tenant_id)s, %(dag_id)s, %(organization_name)s, %(organization_number)s,
    %(workspace_id)s, %(dataset_id)s, clock_timestamp()
)
on conflict (tenant_id)
do update
    set
        organization_name = excluded.organization_name,
        organization_number = excluded.organization_number,
        workspace_id = coalesce(excluded.workspace_id, control.organization.workspace_id),
        dataset_id = coalesce(excluded.dataset_id, control.organization.dataset_id),
        connected_at = coalesce(control.organization.connected_at, excluded.connected_at),
        disconnected_at = null
returning organization_id
