update control.registry
set revision = revision + 1
