-- purpose: what was raised and has not ended, with the notifiers that have told it
select
    alert.organization_id,
    alert.cause,
    to_char(alert.raised_at at time zone 'Europe/Stockholm', 'YYYY-MM-DD HH24:MI') as raised_at,
    alert.told
from control.alert
where alert.cleared_at is null
