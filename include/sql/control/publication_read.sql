-- purpose: whether and where an organization's report is to be published, and what was published
with

company as (

    select *
    from control.organization
    where organization_id = control.current_organization_id()

)

select
    company.organization_name,
    coalesce(company.workspace_id, '') as workspace_id,
    coalesce(company.dataset_id, '') as dataset_id,
    company.readers,
    coalesce(publication.workspace_id, '') as published_workspace_id,
    coalesce(publication.connection_id, '') as connection_id,
    coalesce(publication.model_id, '') as model_id,
    coalesce(publication.report_id, '') as report_id,
    coalesce(publication.definition, '') as definition,
    coalesce(publication.let_in, '') as let_in,
    coalesce(version_built.built, 0) as built
from company
left join control.publication on company.organization_id = publication.organization_id
left join control.version_built on company.organization_id = version_built.organization_id
