-- purpose: a company for its own page, connected or not, and what is decided about it
with

company as (

    select *
    from control.organization
    where dag_id = %(dag_id)s

)

select
    company.organization_id,
    company.organization_name,
    company.tenant_id,
    company.dag_id,
    company.disconnected_at is null as is_connected,
    company.schedule,
    company.modules_off,
    company.readers,
    coalesce(company.workspace_id, '') as workspace_id,
    coalesce(company.dataset_id, '') as dataset_id,
    coalesce(statement_policy.opening_policy, 'reported') as opening_policy,
    coalesce(credential.scopes, '') as scopes,
    company.connected_at is null as is_unconfirmed,
    coalesce(publication.workspace_id, '') as published_workspace_id,
    coalesce(publication.report_id, '') as report_id
from company
left join control.statement_policy
    on company.organization_id = statement_policy.organization_id
left join control.publication on company.organization_id = publication.organization_id
left join control.credential on company.organization_id = credential.organization_id
