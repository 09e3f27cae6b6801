-- purpose: the latest sweep of each resource for the organization's page; times are Swedish
select
    sync_status.resource,
    coalesce(
        financial_year.start_date || ' – ' || financial_year.end_date,
        nullif(sync_status.scope, 'details'),
        ''
    ) as financial_year,
    sync_status.status,
    sync_status.fetched,
    sync_status.changed,
    sync_status.deleted,
    sync_status.requests,
    sync_status.seconds,
    sync_status.detail,
    to_char(sync_status.swept_at at time zone 'Europe/Stockholm', 'YYYY-MM-DD HH24:MI:SS')
        as swept_at,
    sync_status.mode,
    sync_status.details_done,
    sync_status.details_left,
    to_char(sync_status.expected_at at time zone 'Europe/Stockholm', 'YYYY-MM-DD HH24:MI')
        as expected_at,
    sync_cursor.lastmodified
from control.sync_status
left join staging.fortnox_financialyears as financial_year
    on
        sync_status.organization_id = financial_year.organization_id
        and sync_status.scope = financial_year.financial_year_id::text
left join control.sync_cursor
    on
        sync_status.organization_id = sync_cursor.organization_id
        and sync_status.resource = sync_cursor.resource
        and sync_cursor.scope = ''
where sync_status.organization_id = control.current_organization_id()
order by sync_status.resource, financial_year.start_date, sync_status.scope
