-- grain: organization
-- why:   what Saldo has published and where; definition is one word for what was sent, so that
--        nothing is sent again unchanged, and release_digest one for the version of Saldo that it
--        came from. compared_at is when Power BI's figures were first found to be the warehouse's:
--        from then on readers may see them. let_in are the readers that Saldo has let in, with
--        blanks between them
create table control.publication (
    organization_id bigint primary key references control.organization,
    workspace_id text not null,
    connection_id text not null,
    model_id text not null,
    report_id text not null,
    definition text not null,
    release_digest text not null,
    published_at timestamptz not null,
    compared_at timestamptz,
    let_in text not null default ''
);

call control.protect('control.publication');
grant select, insert, update, delete on table control.publication to saldo_transformer;
grant select, insert, update, delete on table control.publication to saldo_page;
grant select on table control.publication to saldo_loader;


-- why: Power BI signs in as a role that sees one organization, by the policy of_reader; the
--      password comes as its SCRAM verifier, so that not even the server's log can hold it. Roles
--      belong to all databases of a server, so the name holds the database's
create function control.report_login_name(of_organization_id bigint) returns text
language sql stable
return left(current_database(), 40) || '_report_' || of_organization_id;

create function control.make_report_login(verifier text) returns text
language plpgsql
security definer
set search_path = pg_catalog
as $$
declare
    of_organization_id bigint := control.current_organization_id();
    login_role text := control.report_login_name(of_organization_id);
begin
    if verifier !~ '^SCRAM-SHA-256[$]' then
        raise exception 'make_report_login takes a SCRAM verifier and no password';
    end if;
    if not exists (select from pg_roles where rolname = login_role) then
        execute format('create role %I login nosuperuser nobypassrls inherit', login_role);
        execute format('grant saldo_reader to %I with inherit true, set false', login_role);
    end if;
    execute format('alter role %I password %L', login_role, verifier);
    insert into control.reader_grant (role_name, organization_id)
    values (login_role, of_organization_id)
    on conflict do nothing;
    return login_role;
end;
$$;

create procedure control.drop_report_login(of_organization_id bigint)
language plpgsql
security definer
set search_path = pg_catalog
as $$
begin
    delete from control.reader_grant
    where role_name = control.report_login_name(of_organization_id);
    execute format('drop role if exists %I', control.report_login_name(of_organization_id));
end;
$$;

revoke all on function control.make_report_login(text) from public;
revoke all on procedure control.drop_report_login(bigint) from public;
grant execute on function control.make_report_login(text) to saldo_transformer;
grant execute on procedure control.drop_report_login(bigint) to saldo_page;
