-- purpose: schemas, the registry of organizations, versions that drive the run, landing with
--          history
-- why:     every organization's table has organization_id first in its key and forced row-level
--          security; the roles come from setup/roles.sql

create schema landing;
create schema staging;
create schema mart;

grant usage on schema control to saldo_loader, saldo_transformer, saldo_page, saldo_reader;
grant usage on schema landing to saldo_loader, saldo_transformer, saldo_page;
grant usage on schema staging to saldo_loader, saldo_transformer, saldo_page;
grant usage on schema mart to saldo_transformer, saldo_page, saldo_reader;
grant select on table control.schema_version to saldo_loader, saldo_transformer, saldo_page;


create function control.current_organization_id() returns bigint
language sql stable parallel safe
return nullif(current_setting('saldo.organization_id', true), '')::bigint;

comment on function control.current_organization_id() is
'The organization that this session works for, or null: what row-level security compares with.';


-- why: one way to protect a relation, for tables of migrations and of marts alike
create procedure control.protect(relation regclass)
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
    if schema_name = 'mart' then
        execute format(
            'create policy of_reader on %s for select to saldo_reader using ('
            'organization_id in ('
            'select grants.organization_id from control.reader_grant as grants'
            '))', relation
        );
        execute format('grant select on %s to saldo_page, saldo_reader', relation);
        execute format(
            'grant select, insert, update, delete, maintain on %s to saldo_transformer', relation
        );
    end if;
end;
$$;


-- grain: organization
-- why:   the registry; a DAG each, whose id names nobody and never changes
create table control.organization (
    organization_id bigint generated always as identity primary key,
    tenant_id text not null unique,
    dag_id text not null unique check (dag_id ~ '^fortnox__[a-z0-9]+$'),
    organization_name text not null,
    organization_number text not null,
    workspace_id text,
    dataset_id text,
    connected_at timestamptz not null default now(),
    disconnected_at timestamptz
);


-- grain: one row
-- why:   an empty list of organizations is believed only together with a revision that moved
create table control.registry (
    is_only boolean primary key default true check (is_only),
    revision bigint not null
);

insert into control.registry (revision) values (0);
grant select, update on table control.registry to saldo_page;


-- grain: database role x organization
-- why:   who may read which organization in schema mart; the policy of_reader asks here
create table control.reader_grant (
    role_name name not null,
    organization_id bigint not null references control.organization,
    primary key (organization_id, role_name)
);

alter table control.reader_grant enable row level security;
alter table control.reader_grant force row level security;
create policy of_reader on control.reader_grant for select to saldo_reader
using (role_name = current_user);
create policy of_page on control.reader_grant for all to saldo_page using (true);
create policy of_owner on control.reader_grant for all to saldo_owner using (true);


-- grain: organization
-- why:   the access token that any process may use until it expires; the row lock around its
--        renewal lets sixteen processes that need one make one request
create table control.credential (
    organization_id bigint primary key references control.organization,
    access_token bytea,
    expires_at timestamptz
);


-- grain: Fortnox client id x tenant
-- why:   Fortnox counts requests so; holds the latest reserved request times, oldest first
create table control.request_pace (
    client_id text not null,
    tenant_id text not null,
    reserved timestamptz[] not null,
    primary key (client_id, tenant_id)
);


-- grain: organization
-- why:   a step runs when its version is behind the one before, and advances in its own transaction
create table control.version (
    organization_id bigint primary key references control.organization,
    landed bigint not null default 0,
    refreshed bigint not null default 0,
    as_of_date date,
    landed_at timestamptz,
    refreshed_at timestamptz
);


-- grain: organization
-- why:   the version that the marts show; a row of its own, because a build reads one snapshot from
--        its first statement to its last while landing goes on counting in control.version
create table control.version_built (
    organization_id bigint primary key references control.organization,
    built bigint not null,
    built_at timestamptz not null
);


-- grain: organization
-- why:   a refresh that was asked for; a retry goes on with it instead of asking for a second one
create table control.refresh (
    organization_id bigint primary key references control.organization,
    built bigint not null,
    asked_at timestamptz not null,
    request_id text,
    due_at timestamptz
);


-- grain: organization x resource x scope (financial year id, or empty)
-- why:   what the latest sweep of each resource did, for people
create table control.sync_status (
    organization_id bigint not null references control.organization,
    resource text not null,
    scope text not null default '',
    run_id text not null,
    status text not null,
    fetched bigint not null,
    changed bigint not null,
    deleted bigint not null,
    requests bigint not null,
    seconds numeric(10, 3) not null,
    detail text not null default '',
    swept_at timestamptz not null,
    primary key (organization_id, resource, scope)
);


-- grain: organization x check
-- why:   written by a connection of its own, so that results survive the rollback they cause
create table control.check_result (
    organization_id bigint not null references control.organization,
    check_name text not null,
    severity text not null check (severity in ('stop', 'warn')),
    failing bigint not null,
    sample jsonb not null,
    landed bigint not null,
    checked_at timestamptz not null,
    primary key (organization_id, check_name)
);


-- grain: organization x entity x natural key
-- why:   integer keys for Power BI that a rebuild never changes; member 0 of an entity is "none".
--        What is gone from the data is no member any more and keeps its key, should it come back
create table control.key_map (
    organization_id bigint not null references control.organization,
    entity text not null,
    natural_key text not null,
    member_number int not null check (member_number between 1 and 9999999),
    is_member boolean not null default true,
    primary key (organization_id, entity, natural_key),
    unique (organization_id, entity, member_number)
);

create function control.member_key(organization_id bigint, member_number int) returns bigint
language sql immutable parallel safe
return organization_id * 10000000 + member_number;

comment on function control.member_key(bigint, int) is
'The integer key of a member: unique over all organizations; member 0 is "none".';


-- why: what came as text is cast here or becomes null, and never stops a build; words that
--      PostgreSQL takes for values (today, infinity, NaN) are not values in a document
create function staging.as_date(value text) returns date
language sql stable parallel safe
return case
    when value ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}$' and pg_input_is_valid(value, 'date')
        then value::date
end;

create function staging.as_numeric(value text) returns numeric
language sql stable parallel safe
return case
    when value ~ '^-?[0-9]+([.][0-9]+)?$' and pg_input_is_valid(value, 'numeric')
        then value::numeric
end;

create function staging.as_integer(value text) returns int
language sql stable parallel safe
return case
    when value ~ '^-?[0-9]+$' and pg_input_is_valid(value, 'integer') then value::int
end;

create function staging.as_boolean(value text) returns boolean
language sql stable parallel safe
return case lower(value) when 'true' then true when 'false' then false end;

create function staging.uncastable(value text, is_null boolean) returns text
language sql immutable parallel safe
return case when value <> '' and is_null then value end;

comment on function staging.uncastable(text, boolean) is
'The text whose cast above came out as null, or null: what the check value_uncastable lists.';


-- grain: schema x relation
-- why:   the definition that a view of staging or a table of mart was made from; another definition
--        in the files means make it anew
create table control.relation (
    relation_schema text not null,
    relation_name text not null,
    digest text not null,
    primary key (relation_schema, relation_name)
);


-- Tables of landing have no foreign key to the registry: row-level security admits the session's
-- own organization alone, and a check for every row would take longer than writing it. Their keys
-- compare by bytes, which is what equal means for them and costs a fraction of a language's order.

-- grain: organization x resource x document key
-- why:   the JSON as it came; a resource needs no DDL
create table landing.document (
    organization_id bigint not null,
    resource text collate "C" not null,
    document_key text collate "C" not null,
    scope text not null default '',
    list_record jsonb,
    list_digest bytea,
    detail_record jsonb,
    detail_digest bytea,
    changed_at timestamptz not null,
    deleted_at timestamptz,
    primary key (organization_id, resource, document_key)
) partition by list (resource);

create table landing.document_accounts partition of landing.document for values in ('accounts');
create table landing.document_customers partition of landing.document for values in ('customers');
create table landing.document_suppliers partition of landing.document for values in ('suppliers');
create table landing.document_other partition of landing.document default;


-- grain: organization x resource x document key x part x end of validity
-- why:   what a document was before
create table landing.document_version (
    organization_id bigint not null,
    resource text collate "C" not null,
    document_key text collate "C" not null,
    part text not null check (part in ('list', 'detail')),
    record jsonb not null,
    valid_from timestamptz not null,
    valid_to timestamptz not null,
    primary key (organization_id, resource, document_key, part, valid_to)
);


-- grain: organization x financial year x content x time of fetching
-- why:   the bytes as Fortnox gave them (gzip): the newest and the last of each month are kept;
--        content that returns is a file of its own, or an earlier month would lose its last
create table landing.sie_file (
    organization_id bigint not null,
    financial_year_id int not null,
    content_digest bytea not null,
    fetched_at timestamptz not null,
    is_newest boolean not null,
    byte_count bigint not null,
    data bytea not null,
    primary key (organization_id, financial_year_id, content_digest, fetched_at)
);

alter table landing.sie_file alter column data set storage external;


-- grain: organization x financial year
-- why:   what the loaded SIE file says of itself, and what was wrong with it
create table landing.ledger_year (
    organization_id bigint not null,
    financial_year_id int not null,
    content_digest bytea not null,
    loaded_at timestamptz not null,
    start_date date not null,
    end_date date not null,
    program text not null,
    faults jsonb not null,
    contradictions jsonb not null,
    primary key (organization_id, financial_year_id)
);


-- grain: organization x financial year x account
create table landing.ledger_account (
    organization_id bigint not null,
    financial_year_id int not null,
    account_number text collate "C" not null,
    account_name text not null,
    account_kind text,
    sru_code text,
    primary key (organization_id, financial_year_id, account_number)
);


-- grain: organization x financial year x dimension x object
create table landing.ledger_object (
    organization_id bigint not null,
    financial_year_id int not null,
    dimension_number text collate "C" not null,
    object_number text collate "C" not null,
    object_name text not null,
    primary key (organization_id, financial_year_id, dimension_number, object_number)
);


-- grain: organization x financial year x kind x year index x period x account x objects
-- why:   the balances that the file states itself; the ledger is held against them
create table landing.ledger_balance (
    organization_id bigint not null,
    financial_year_id int not null,
    balance_kind text not null check (
        balance_kind in ('IB', 'UB', 'RES', 'OIB', 'OUB', 'PSALDO', 'PBUDGET')
    ),
    year_index int not null,
    period text collate "C" not null default '',
    account_number text collate "C" not null,
    objects text collate "C" not null default '',
    amount numeric not null,
    quantity numeric,
    primary key (
        organization_id, financial_year_id, balance_kind, year_index, period, account_number,
        objects
    )
);


-- grain: organization x financial year x series x number x ordinal among equal ids x end of
--        validity
-- why:   the voucher as of now has valid_to = infinity; what it was before is closed, never lost
create table landing.voucher (
    organization_id bigint not null,
    financial_year_id int not null,
    voucher_series text collate "C" not null,
    voucher_number text collate "C" not null,
    voucher_ordinal int not null,
    voucher_date date not null,
    voucher_text text not null,
    registration_date date,
    signature text not null,
    digest bytea not null,
    valid_from timestamptz not null,
    valid_to timestamptz not null default 'infinity',
    primary key (
        organization_id, financial_year_id, voucher_series, voucher_number, voucher_ordinal,
        valid_to
    )
);


-- grain: the voucher's, x row
-- why:   struck rows are kept and marked; amounts are SEK, debit positive
create table landing.voucher_row (
    organization_id bigint not null,
    financial_year_id int not null,
    voucher_series text collate "C" not null,
    voucher_number text collate "C" not null,
    voucher_ordinal int not null,
    row_number int not null,
    account_number text collate "C" not null,
    amount numeric not null,
    cost_center text not null,
    project text not null,
    objects text collate "C" not null,
    row_date date,
    row_text text not null,
    quantity numeric,
    signature text not null,
    is_struck boolean not null,
    is_added boolean not null,
    valid_from timestamptz not null,
    valid_to timestamptz not null default 'infinity',
    primary key (
        organization_id, financial_year_id, voucher_series, voucher_number, voucher_ordinal,
        row_number, valid_to
    )
);


do
$$
declare
    relation regclass;
begin
    foreach relation in array array[
        'control.organization', 'control.credential', 'control.version', 'control.version_built',
        'control.refresh',
        'control.sync_status', 'control.check_result', 'control.key_map',
        'landing.document', 'landing.document_accounts', 'landing.document_customers',
        'landing.document_suppliers', 'landing.document_other', 'landing.document_version',
        'landing.sie_file', 'landing.ledger_year',
        'landing.ledger_account', 'landing.ledger_object', 'landing.ledger_balance',
        'landing.voucher', 'landing.voucher_row'
    ]::regclass[]
    loop
        call control.protect(relation);
    end loop;
    execute 'grant maintain on all tables in schema landing to saldo_loader';
end
$$;

grant select, insert, update, delete on all tables in schema landing to saldo_loader;
grant select on all tables in schema landing to saldo_transformer, saldo_page;
grant select on table control.organization to saldo_loader, saldo_transformer;
grant select, insert, update on table control.organization to saldo_page;
grant select, insert, update, delete on table control.reader_grant to saldo_page;
grant select on table control.reader_grant to saldo_reader;
grant select, insert, update on table control.credential to saldo_loader, saldo_page;
grant select, insert, update on table control.request_pace to saldo_loader, saldo_page;
grant select, insert, update on table control.version
to saldo_loader, saldo_transformer, saldo_page;
grant select, insert, update on table control.version_built to saldo_transformer;
grant select on table control.version_built to saldo_loader, saldo_page;
grant select, insert, update, delete on table control.refresh to saldo_transformer, saldo_page;
grant select, insert, update, delete on table control.sync_status to saldo_loader, saldo_page;
grant select, insert, update, delete on table control.check_result to saldo_transformer, saldo_page;
grant select, insert, update on table control.key_map to saldo_transformer;
grant select on table control.key_map to saldo_page;
grant select on table control.relation to saldo_loader, saldo_transformer, saldo_page;
