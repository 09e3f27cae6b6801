-- purpose: when the SIE file of a financial year was last fetched, by whichever run
select swept_at
from control.sync_status
where
    organization_id = control.current_organization_id()
    and resource = 'sie'
    and scope = %(scope)s
    and status = 'ok'
