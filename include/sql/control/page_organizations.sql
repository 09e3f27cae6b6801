-- purpose: a line an organization for the page Integrations: how far its data has come and how its
--          access and its checks stand; times are Swedish
with

found as (

    select
        organization_id,
        count(*) filter (where failing > 0 and severity = 'stop') as stopping_checks,
        count(*) filter (where failing > 0 and severity = 'warn') as warning_checks
    from control.check_result
    group by organization_id

),

swept as (

    select
        organization_id,
        sum(details_left)::bigint as details_left,
        max(expected_at) as expected_at
    from control.sync_status
    group by organization_id

),

raised as (

    select
        organization_id,
        array_agg(cause) as causes
    from control.alert
    where cleared_at is null
    group by organization_id

),

ledger as (

    select
        organization_id,
        sum(row_count)::bigint as ledger_rows
    from mart.trial_balance
    group by organization_id

)

select
    organization.organization_name,
    organization.tenant_id,
    organization.dag_id,
    organization.disconnected_at is null as is_connected,
    organization.connected_at is null as is_unconfirmed,
    to_char(organization.connected_at at time zone 'Europe/Stockholm', 'YYYY-MM-DD HH24:MI')
        as connected_at,
    organization.dataset_id is not null or publication.model_id is not null as has_dataset,
    version.landed,
    coalesce(version_built.built, 0) as built,
    version.refreshed,
    to_char(version.landed_at at time zone 'Europe/Stockholm', 'YYYY-MM-DD HH24:MI') as landed_at,
    to_char(version.refreshed_at at time zone 'Europe/Stockholm', 'YYYY-MM-DD HH24:MI')
        as refreshed_at,
    dim_organization.last_voucher_date::text as data_until,
    coalesce(ledger.ledger_rows, 0) as ledger_rows,
    coalesce(swept.details_left, 0) as details_left,
    to_char(swept.expected_at at time zone 'Europe/Stockholm', 'YYYY-MM-DD HH24:MI')
        as expected_at,
    coalesce(found.stopping_checks, 0) as stopping_checks,
    coalesce(found.warning_checks, 0) as warning_checks,
    credential.credential_kind,
    floor(extract(epoch from credential.refresh_expires_at - clock_timestamp()) / 86400)::int
        as days_left,
    credential.lost_reason,
    coalesce(raised.causes, '{}') as causes
from control.organization
left join control.publication
    on organization.organization_id = publication.organization_id
left join control.version on organization.organization_id = version.organization_id
left join control.version_built
    on organization.organization_id = version_built.organization_id
left join control.credential on organization.organization_id = credential.organization_id
left join mart.dim_organization as dim_organization
    on organization.organization_id = dim_organization.organization_id
left join found on organization.organization_id = found.organization_id
left join raised on organization.organization_id = raised.organization_id
left join swept on organization.organization_id = swept.organization_id
left join ledger on organization.organization_id = ledger.organization_id
where
    organization.connected_at is not null
    or credential.renewed_at is not null
order by organization.organization_id
