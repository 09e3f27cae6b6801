select
    ver.landed,
    coalesce(marts.built, 0) as built,
    -- a model whose definition was sent since shows nothing before it is refreshed again
    case
        when publication.published_at > ver.refreshed_at then 0
        else ver.refreshed
    end as refreshed,
    ver.as_of_date
from control.version as ver
left join control.publication on ver.organization_id = publication.organization_id
left join control.version_built as marts on ver.organization_id = marts.organization_id
where ver.organization_id = control.current_organization_id()
