-- purpose: the files that were handed in for the organization
select
    file_name,
    data
from control.sie_upload
where organization_id = control.current_organization_id()
order by file_name
