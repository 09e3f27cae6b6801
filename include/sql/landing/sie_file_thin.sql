-- why: besides the newest, the last file of each month is kept: what the books were at month end
delete from landing.sie_file
where
    organization_id = control.current_organization_id()
    and financial_year_id = %(financial_year_id)s
    and not is_newest
    and exists (
        select 1
        from landing.sie_file as later
        where
            sie_file.organization_id = later.organization_id
            and sie_file.financial_year_id = later.financial_year_id
            and date_trunc('month', sie_file.fetched_at, 'Europe/Stockholm')
            = date_trunc('month', later.fetched_at, 'Europe/Stockholm')
            and sie_file.fetched_at < later.fetched_at
    )
