-- purpose: every invitation, newest first, and what has become of it; times are Swedish
select
    invitation.invitation_id,
    invitation.addressee,
    invitation.made_by,
    to_char(invitation.ends_at at time zone 'Europe/Stockholm', 'YYYY-MM-DD HH24:MI') as ends_at,
    case
        when invitation.used_at is not null then 'used'
        when invitation.revoked_at is not null then 'revoked'
        when invitation.ends_at <= clock_timestamp() then 'ended'
        when invitation.opened_at is not null then 'opened'
        else 'sent'
    end as state,
    coalesce(organization.organization_name, '') as organization_name
from control.invitation
left join control.organization
    on invitation.used_by = organization.organization_id
order by invitation.invitation_id desc
limit 100
