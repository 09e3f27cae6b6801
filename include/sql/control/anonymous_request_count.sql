-- purpose: counts a request of a caller without a login; returns the minute's count of that caller
--          and of all callers
with

forgotten as (

    delete from control.anonymous_request
    where counted_minute < clock_timestamp() - interval '1 hour'

),

counted as (

    insert into control.anonymous_request as counted (caller_digest, counted_minute, requests)
    values (%(caller_digest)s, date_trunc('minute', clock_timestamp()), 1)
    on conflict (caller_digest, counted_minute) do update
        set requests = counted.requests + 1
    returning
        counted.caller_digest,
        counted.counted_minute,
        counted.requests

)

select
    counted.requests,
    counted.requests + coalesce(sum(elsewhere.requests), 0)::bigint as requests_in_all
from counted
left join control.anonymous_request as elsewhere
    on
        counted.counted_minute = elsewhere.counted_minute
        and counted.caller_digest <> elsewhere.caller_digest
group by counted.requests
