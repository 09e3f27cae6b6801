-- purpose: raises a cause; one that was raised before and had ended begins anew
insert into control.alert as alert (organization_id, cause, raised_at)
values (%(organization_id)s, %(cause)s, %(moment)s)
on conflict (organization_id, cause) do update
    set
        raised_at = excluded.raised_at,
        cleared_at = null,
        told = '{}'
    where alert.cleared_at is not null
