-- purpose: what was published is gone from Power BI: the next run publishes it again
update control.publication
set
    definition = '',
    release_digest = ''
where organization_id = control.current_organization_id()
