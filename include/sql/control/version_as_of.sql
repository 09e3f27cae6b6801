-- why: the day is the only thing that marts know of the clock; a new one counts as a change
update control.version
set
    as_of_date = %(as_of_date)s,
    landed = landed + 1,
    landed_at = now()
where
    organization_id = control.current_organization_id()
    and as_of_date is distinct from %(as_of_date)s
returning landed
