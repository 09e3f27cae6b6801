-- purpose: what is wrong at the moment now, a line an organization and cause, with what is known of
--          it; organizations that are not connected have nothing wrong
-- why:     a company whose runs are by hand is not late with anything but its first report
with

moments as (

    select %(moment)s::timestamptz as moment

),

connected as (

    select
        moments.moment,
        organization.organization_id,
        organization.organization_name,
        organization.dag_id,
        organization.connected_at,
        coalesce(organization.dataset_id, publication.model_id) as dataset_id,
        case organization.schedule
            when 'daily' then interval '2 days'
            when 'manual' then null
            else interval '1 day'
        end as patience,
        version.landed,
        version.landed_at,
        version.refreshed,
        version.refreshed_at,
        coalesce(version_built.built, 0) as built,
        version_built.built_at
    from control.organization
    cross join moments
    left join control.publication
        on organization.organization_id = publication.organization_id
    left join control.version on organization.organization_id = version.organization_id
    left join control.version_built
        on organization.organization_id = version_built.organization_id
    where
        organization.connected_at is not null
        and organization.disconnected_at is null

),

looked as (

    select
        organization_id,
        max(swept_at) as looked_at,
        sum(details_left) as details_left
    from control.sync_status
    group by organization_id

),

stopping as (

    select
        organization_id,
        string_agg(check_name, ', ' order by check_name) as check_names
    from control.check_result
    where
        failing > 0
        and severity = 'stop'
    group by organization_id

),

refused as (

    select
        sync_status.organization_id,
        string_agg(distinct sync_status.resource, ', ' order by sync_status.resource) as resources,
        min(sync_status.detail) as reason
    from control.sync_status
    inner join control.sync_cursor
        on
            sync_status.organization_id = sync_cursor.organization_id
            and sync_status.resource = sync_cursor.resource
            and sync_status.scope = sync_cursor.scope
    where
        sync_status.status = 'skipped'
        and (sync_cursor.swept_at is not null or sync_cursor.record_count is not null)
    group by sync_status.organization_id

),

causes as (

    select
        connected.organization_id,
        'report_late' as cause,
        case
            when credential.lost_reason is not null then 'Fortnox no longer takes its access'
            when stopping.check_names is not null
                then 'checks hold the figures back: ' || stopping.check_names
            when connected.landed > 0 and connected.built = 0
                then
                    'the data are there and the marts are not built: see the log of '
                    || 'transform.build'
            when looked.looked_at is null
                then
                    'no run has asked Fortnox anything yet: see that the scheduler runs and that '
                    || 'the DAG is there and not paused'
            when connected.landed = 0
                then
                    'Fortnox was asked, last at '
                    || to_char(
                        looked.looked_at at time zone 'Europe/Stockholm', 'YYYY-MM-DD HH24:MI'
                    )
                    || ', and nothing has landed: see the log of extract.changes'
            else 'the marts are built and Power BI is not refreshed: see the log of publish.refresh'
        end as detail
    from connected
    left join control.credential on connected.organization_id = credential.organization_id
    left join stopping on connected.organization_id = stopping.organization_id
    left join looked on connected.organization_id = looked.organization_id
    where
        connected.connected_at <= connected.moment - interval '2 hours'
        and case
            when connected.dataset_id is null then connected.built = 0
            else connected.refreshed = 0
        end

    union all

    select
        connected.organization_id,
        'access_lost' as cause,
        credential.lost_reason as detail
    from connected
    inner join control.credential on connected.organization_id = credential.organization_id
    where credential.lost_reason is not null

    union all

    select
        connected.organization_id,
        'access_ends' as cause,
        'its refresh token ends '
        || to_char(
            credential.refresh_expires_at at time zone 'Europe/Stockholm', 'YYYY-MM-DD HH24:MI'
        ) as detail
    from connected
    inner join control.credential on connected.organization_id = credential.organization_id
    where
        credential.lost_reason is null
        and credential.credential_kind = 'refresh_token'
        and credential.refresh_expires_at <= connected.moment + interval '7 days'

    union all

    select
        connected.organization_id,
        'resource_lost' as cause,
        refused.resources || ': ' || refused.reason as detail
    from connected
    inner join refused on connected.organization_id = refused.organization_id

    union all

    select
        connected.organization_id,
        'report_old' as cause,
        case
            when looked.looked_at <= connected.moment - connected.patience
                then
                    'no run has asked Fortnox anything since '
                    || to_char(
                        looked.looked_at at time zone 'Europe/Stockholm', 'YYYY-MM-DD HH24:MI'
                    )
                    || ': see that the scheduler runs and that the DAG is not paused'
            when connected.built < connected.landed
                then coalesce(
                    'checks hold the figures back: ' || stopping.check_names,
                    'the marts lie behind the data: see the log of transform.build'
                )
            else 'Power BI lies behind the marts: see the log of publish.refresh'
        end as detail
    from connected
    inner join looked on connected.organization_id = looked.organization_id
    left join stopping on connected.organization_id = stopping.organization_id
    where
        connected.built > 0
        and (
            looked.looked_at <= connected.moment - connected.patience
            or (
                connected.built < connected.landed
                and connected.built_at <= connected.moment - connected.patience
                and connected.landed_at <= connected.moment - interval '1 hour'
            )
            or (
                connected.dataset_id is not null
                and connected.refreshed > 0
                and connected.refreshed < connected.built
                and connected.refreshed_at <= connected.moment - connected.patience
                and connected.built_at <= connected.moment - interval '1 hour'
            )
        )

)

select
    causes.organization_id,
    connected.organization_name,
    connected.dag_id,
    causes.cause,
    causes.detail
from causes
inner join connected on causes.organization_id = connected.organization_id
order by causes.organization_id, causes.cause
