-- purpose: a model whose definition was sent shows nothing until it is refreshed
update control.version
set refreshed = 0
where organization_id = control.current_organization_id()
