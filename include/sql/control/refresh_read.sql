-- why: all that the refresh goes by, in one look: where the dataset is, how far it is behind, and a
--      refresh that was asked for or put off before
select
    -- a dataset named by hand is somebody's own, and Saldo's is not published beside it
    case
        when organization.dataset_id is null then publication.workspace_id
        else organization.workspace_id
    end as workspace_id,
    coalesce(organization.dataset_id, publication.model_id) as dataset_id,
    organization.dataset_id is null as is_published,
    versions.refreshed,
    asked.built as asked_built,
    asked.asked_at,
    asked.request_id,
    asked.due_at,
    coalesce(builds.built, 0) as built
from control.organization as organization
inner join control.version as versions
    on organization.organization_id = versions.organization_id
left join control.version_built as builds
    on organization.organization_id = builds.organization_id
left join control.publication
    on organization.organization_id = publication.organization_id
left join control.refresh as asked
    on organization.organization_id = asked.organization_id
where organization.organization_id = control.current_organization_id()
