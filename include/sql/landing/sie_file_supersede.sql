update landing.sie_file
set is_newest = false
where
    organization_id = control.current_organization_id()
    and financial_year_id = %(financial_year_id)s
    and is_newest
