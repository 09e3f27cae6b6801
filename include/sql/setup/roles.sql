-- purpose: the roles of a warehouse; run once by a superuser or another role that may create roles
-- why:     Saldo itself never connects with more than it needs: rows of one organization at a time
-- passwords come as session settings (saldo.password_<login>), never as text in this file
do
$$
declare
    group_role text;
    login_role text;
begin
    foreach group_role in array array[
        'saldo_owner', 'saldo_loader', 'saldo_transformer', 'saldo_page', 'saldo_reader'
    ]
    loop
        if not exists (select 1 from pg_roles where rolname = group_role) then
            execute format('create role %I nologin nosuperuser nobypassrls', group_role);
        end if;
    end loop;
    foreach login_role in array array['saldo_migrator', 'saldo_app', 'saldo_report']
    loop
        if not exists (select 1 from pg_roles where rolname = login_role) then
            execute format('create role %I login nosuperuser nobypassrls noinherit', login_role);
        end if;
        execute format(
            'alter role %I password %L',
            login_role, current_setting('saldo.password_' || login_role)
        );
    end loop;
    -- a login takes on a role by name and inherits nothing until then; the reports' login reads at once
    grant saldo_owner to saldo_migrator with inherit false, set true;
    grant saldo_loader, saldo_transformer, saldo_page to saldo_app with inherit false, set true;
    alter role saldo_report inherit;
    grant saldo_reader to saldo_report with inherit true, set false;
    -- each organization's report reads as a login of its own, which control.make_report_login makes
    alter role saldo_owner createrole;
    grant saldo_reader to saldo_owner with admin true, inherit false, set false;
end
$$;
