-- purpose: the organization of a tenant, made if there is none: not connected, so that no DAG is
--          made of it until it is registered
-- why:     tokens that Fortnox gives once are stored before anything else is asked
insert into control.organization (
    tenant_id, dag_id, organization_name, organization_number, disconnected_at
)
values (%(tenant_id)s, %(dag_id)s, %(tenant_id)s, '', clock_timestamp())
on conflict (tenant_id)
do update
    set tenant_id = excluded.tenant_id
returning organization_id
