-- why: marts of one's own never meet a mart that a later version of Saldo brings
create schema custom;

grant usage on schema custom to saldo_transformer, saldo_page, saldo_reader;


-- why: one way to protect a relation, for tables of migrations, of marts and of one's own alike
create or replace procedure control.protect(relation regclass)
language plpgsql
as $$
declare
    schema_name name;
begin
    select pg_namespace.nspname into strict schema_name
    from pg_class
    inner join pg_namespace on pg_class.relnamespace = pg_namespace.oid
    where pg_class.oid = relation;
    execute format('alter table %s enable row level security', relation);
    execute format('alter table %s force row level security', relation);
    execute format(
        'create policy of_session on %s for all to saldo_loader, saldo_transformer '
        'using (organization_id = control.current_organization_id())', relation
    );
    execute format('create policy of_page on %s for all to saldo_page using (true)', relation);
    execute format('create policy of_owner on %s for all to saldo_owner using (true)', relation);
    if schema_name in ('mart', 'custom') then
        call control.open_to_readers(relation);
        execute format('grant select on %s to saldo_page', relation);
        execute format(
            'grant select, insert, update, delete, maintain on %s to saldo_transformer', relation
        );
    end if;
end;
$$;


create procedure control.open_to_readers(relation regclass)
language plpgsql
as $$
begin
    execute format(
        'create policy of_reader on %s for select to saldo_reader using ('
        'organization_id in ('
        'select grants.organization_id from control.reader_grant as grants'
        '))', relation
    );
    execute format('grant select on %s to saldo_reader', relation);
end;
$$;


-- why: the page on data quality shows the newest results, also of a build that was held back
call control.open_to_readers('control.check_result');
call control.open_to_readers('control.version_built');
