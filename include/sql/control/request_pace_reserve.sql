-- purpose: reserves the next request times of one app and company; returns seconds from now
-- why:     a slot lies a whole window after the one that is as many places before it, so that no
--          window ever holds more; one statement on one row, so that any number of processes share it
insert into control.request_pace as pace (client_id, tenant_id, reserved)
select
    %(client_id)s,
    %(tenant_id)s,
    array_fill(clock_timestamp(), array[%(wanted)s])
on conflict (client_id, tenant_id) do update set
    reserved = (
        with

        moment as materialized (

            select clock_timestamp() as at

        ),

        added as (

            select
                wanted.position,
                greatest(
                    moment.at,
                    pace.reserved[
                        cardinality(pace.reserved)
                        - %(requests_per_window)s + wanted.position::int
                    ] + make_interval(secs => %(window_seconds)s)
                ) as slot
            from moment
            cross join generate_series(1, %(wanted)s) as wanted (position)

        )

        select
            pace.reserved[
                greatest(1, cardinality(pace.reserved) + %(wanted)s - %(requests_per_window)s + 1):
            ]
            || array_agg(added.slot order by added.position)
        from added
    )
returning
    (
        select array_agg(extract(epoch from slots.slot - clock_timestamp()) order by slots.position)
        from unnest(pace.reserved[cardinality(pace.reserved) - %(wanted)s + 1:])
            with ordinality as slots (slot, position)
    ) as seconds_from_now
