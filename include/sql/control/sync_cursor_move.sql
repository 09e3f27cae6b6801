-- why: in the transaction of the rows, and never backwards: a list that was asked for earlier may
--      land later. A list that does not tell all that changed leaves what the next one asks since
insert into control.sync_cursor as sync_cursor (
    organization_id, resource, scope, asked_at, swept_at, record_count
)
values (
    control.current_organization_id(), %(resource)s, %(scope)s, %(asked_at)s,
    case when %(is_whole)s then %(asked_at)s end, %(record_count)s
)
on conflict (organization_id, resource, scope) do update set
    asked_at = case
        when %(tells_changes)s then greatest(sync_cursor.asked_at, excluded.asked_at)
        else coalesce(sync_cursor.asked_at, excluded.asked_at)
    end,
    swept_at = greatest(sync_cursor.swept_at, excluded.swept_at),
    record_count = case
        when
            excluded.record_count is null
            or excluded.asked_at < greatest(sync_cursor.asked_at, sync_cursor.swept_at)
            then sync_cursor.record_count
        else excluded.record_count
    end
