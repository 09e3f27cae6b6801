-- purpose: the organization number of the company, as it was told when it was connected
select organization_number
from control.organization
where organization_id = control.current_organization_id()
