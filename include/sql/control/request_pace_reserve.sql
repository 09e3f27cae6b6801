-- purpose: reserves the next request time of one app and company; returns how many seconds away
-- why:     a slot lies a whole window after the one that is as many places before it, so that no
--          window ever holds more, and a little after the one before it; one statement on one row,
--          for any number of processes
insert into control.request_pace as pace (client_id, tenant_id, reserved)
values (%(client_id)s, %(tenant_id)s, array[clock_timestamp()])
on conflict (client_id, tenant_id) do update
    set
        reserved = array_append(
            pace.reserved[greatest(1, cardinality(pace.reserved) - %(requests_per_window)s + 2):],
            greatest(
                clock_timestamp(),
                pace.reserved[cardinality(pace.reserved)]
                + make_interval(secs => %(spacing_seconds)s),
                pace.reserved[cardinality(pace.reserved) - %(requests_per_window)s + 1]
                + make_interval(secs => %(window_seconds)s)
            )
        )
returning
    greatest(
        0,
        extract(epoch from pace.reserved[cardinality(pace.reserved)] - clock_timestamp())
    ) as seconds_from_now
