-- why: remembers that details changed until the marts are told, and makes two tasks that come to
--      the end of their backlogs at once look one after the other
update control.version
set has_new_details = has_new_details or %(has_changed)s
where organization_id = control.current_organization_id()
