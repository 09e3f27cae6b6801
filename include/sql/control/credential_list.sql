-- purpose: how every organization's access stands, for people and for its upkeep; no secret
select
    credential.credential_kind,
    organization.organization_id,
    organization.tenant_id,
    organization.dag_id,
    organization.organization_name,
    organization.disconnected_at is null as is_connected,
    floor(extract(epoch from credential.refresh_expires_at - clock_timestamp()) / 86400)::int
        as days_left,
    to_char(credential.renewed_at at time zone 'Europe/Stockholm', 'YYYY-MM-DD HH24:MI')
        as renewed_at,
    credential.asked_at is not null as is_unanswered,
    credential.lost_reason
from control.credential
inner join control.organization
    on credential.organization_id = organization.organization_id
order by organization.organization_id
