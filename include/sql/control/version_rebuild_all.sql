-- why: a derived relation was made anew and is empty: every organization builds with its next run
update control.version
set landed = landed + 1
where landed > 0
