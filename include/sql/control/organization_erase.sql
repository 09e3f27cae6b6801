-- purpose: no row of a disconnected organization is left in any table
call control.erase_organization(%(organization_id)s)
