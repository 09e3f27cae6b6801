-- why: modules_off and readers are lists, their items parted by blanks: scopes of Fortnox that are
--      not fetched, and addresses of those who may read the report
alter table control.organization
add column schedule text not null default 'hourly'
check (schedule in ('hourly', 'every_3_hours', 'every_6_hours', 'daily', 'manual')),
add column modules_off text not null default '',
add column readers text not null default '';


-- why: no role that Saldo connects as may delete what is needed for that, and none gets to: this
--      does it for one organization that is disconnected, in whichever tables there are, those of
--      one's own marts and of later versions too
create procedure control.erase_organization(erased_id bigint)
language plpgsql
security definer
set search_path = pg_catalog
as $$
declare
    erased record;
    relation regclass;
begin
    select
        organization.tenant_id,
        organization.disconnected_at
    into erased
    from control.organization
    where organization.organization_id = erased_id
    for update;
    if not found then
        return;
    end if;
    if erased.disconnected_at is null then
        raise exception 'Organization % is connected: disconnect it first', erased_id;
    end if;
    for relation in
        select pg_class.oid::regclass
        from pg_class
        inner join pg_namespace on pg_class.relnamespace = pg_namespace.oid
        inner join pg_attribute on pg_class.oid = pg_attribute.attrelid
        where
            pg_namespace.nspname not in ('pg_catalog', 'information_schema', 'pg_toast')
            and pg_class.relkind in ('r', 'p')
            and not pg_class.relispartition
            and pg_attribute.attname = 'organization_id'
            and not pg_attribute.attisdropped
            and pg_class.oid <> 'control.organization'::regclass
        order by pg_class.oid
    loop
        execute format('delete from %s where organization_id = $1', relation) using erased_id;
    end loop;
    delete from control.request_pace where request_pace.tenant_id = erased.tenant_id;
    delete from control.organization where organization.organization_id = erased_id;
end;
$$;

revoke all on procedure control.erase_organization(bigint) from public;
grant execute on procedure control.erase_organization(bigint) to saldo_page;
