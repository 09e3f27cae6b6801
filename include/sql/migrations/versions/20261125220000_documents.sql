-- purpose: increments by lastmodified, single records beside lists, and cursors of their own
-- why:     a cursor says how far landing has come, a status tells people what a run did; they were
--          one, and a failure took the cursor away with it. A document's times are Fortnox's
--          clock from now on, so that of two answers the later is known

-- why: landing compares records as values, which costs less than a digest of each
alter table landing.document
drop column list_digest,
drop column detail_digest,
add column detail_changed_at timestamptz,
add column detail_due_at timestamptz;

comment on column landing.document.changed_at is
'When the list that brought list_record was asked for, by Fortnox''s clock; of two changes within '
'a second the later is a microsecond on.';

comment on column landing.document.detail_due_at is
'Since when the single record is to be asked for, or null: the backlog of details.';

update landing.document
set detail_changed_at = changed_at
where detail_record is not null;

create index document_detail_due on landing.document (
    organization_id, resource, length(document_key) desc, document_key desc
) where detail_due_at is not null;


-- why: a partition each for what grows with a company's years; a partition is not made while the
--      default one holds rows of it
create temporary table moved on commit drop as
select
    organization_id,
    resource,
    document_key,
    scope,
    list_record,
    detail_record,
    changed_at,
    deleted_at,
    detail_changed_at
from landing.document_other
where
    resource in (
        'articles', 'invoicepayments', 'invoices', 'offers', 'orders', 'prices',
        'supplierinvoicepayments', 'supplierinvoices', 'vouchers'
    );

delete from landing.document_other
where
    resource in (
        'articles', 'invoicepayments', 'invoices', 'offers', 'orders', 'prices',
        'supplierinvoicepayments', 'supplierinvoices', 'vouchers'
    );

create table landing.document_articles partition of landing.document
for values in ('articles');
create table landing.document_invoicepayments partition of landing.document
for values in ('invoicepayments');
create table landing.document_invoices partition of landing.document
for values in ('invoices');
create table landing.document_offers partition of landing.document
for values in ('offers');
create table landing.document_orders partition of landing.document
for values in ('orders');
create table landing.document_prices partition of landing.document
for values in ('prices');
create table landing.document_supplierinvoicepayments partition of landing.document
for values in ('supplierinvoicepayments');
create table landing.document_supplierinvoices partition of landing.document
for values in ('supplierinvoices');
create table landing.document_vouchers partition of landing.document
for values in ('vouchers');

insert into landing.document (
    organization_id, resource, document_key, scope, list_record, detail_record, changed_at,
    deleted_at, detail_changed_at
)
select
    organization_id,
    resource,
    document_key,
    scope,
    list_record,
    detail_record,
    changed_at,
    deleted_at,
    detail_changed_at
from moved;


-- grain: organization x resource x scope (financial year id, or empty)
-- why:   how far landing has come with each list, in Fortnox's clock: asked_at when the newest list
--        or increment that landed was asked for, swept_at the same of the newest whole list; and
--        whether this company's Fortnox honours lastmodified there
create table control.sync_cursor (
    organization_id bigint not null references control.organization,
    resource text not null,
    scope text not null default '',
    asked_at timestamptz,
    swept_at timestamptz,
    lastmodified text check (lastmodified in ('honoured', 'ignored', 'refused')),
    probed_at timestamptz,
    record_count bigint,
    primary key (organization_id, resource, scope)
);

insert into control.sync_cursor (
    organization_id, resource, scope, asked_at, swept_at, record_count
)
select
    organization_id,
    resource,
    scope,
    swept_at as asked_at,
    swept_at,
    -- a file counts its vouchers, which is no total of Fortnox's
    case when resource <> 'sie' then fetched end as record_count
from control.sync_status
where status = 'ok';


alter table control.sync_status
add column mode text not null default '' check (
    mode in ('whole', 'increment', 'count', 'interval', 'details', 'file', '')
),
add column details_done bigint not null default 0,
add column details_left bigint not null default 0,
add column expected_at timestamptz;

comment on table control.sync_status is
'What the latest run did with each resource, for people; nothing is decided by it.';


alter table control.version
add column has_new_details boolean not null default false;

comment on column control.version.has_new_details is
'Details changed since the marts were last told: they count as landed once no detail is due.';


-- why: a number that refers to nothing is empty, null or 0
create function staging.as_reference(value text) returns text
language sql immutable parallel safe
return nullif(nullif(value, ''), '0');

-- why: Fortnox writes account numbers as JSON numbers, which lose their leading zeros; its shortest
--      numbers have four digits, and 0 means none
create function staging.as_account(value text) returns text
language sql immutable parallel safe
return case
    when value ~ '^[1-9][0-9]{0,2}$' then lpad(value, 4, '0')
    else nullif(nullif(value, ''), '0')
end;

-- why: most numbers are JSON numbers, which need no look at their text; a text is read as before
create function staging.as_numeric(value jsonb) returns numeric
language sql stable parallel safe
return case jsonb_typeof(value)
    when 'number' then value::numeric
    when 'string' then staging.as_numeric(value #>> '{}')
end;

-- why: as before, without a regular expression for each of a document's many dates
create or replace function staging.as_date(value text) returns date
language sql stable parallel safe
return case
    when value like '____-__-__' and pg_input_is_valid(value, 'date') then value::date
end;

-- why: as before, but a value is looked at only where its cast came out as null
create or replace function staging.uncastable(value text, is_null boolean) returns text
language sql immutable parallel safe
return case when is_null and value <> '' then value end;


-- why: an object is made only where there is something to put into it; plpgsql, since a function in
--      SQL that names its argument twice is called more slowly than it works
create function staging.uncastable_fields(fields_and_texts text[]) returns jsonb
language plpgsql immutable parallel safe
as $$
begin
    if cardinality(array_remove(fields_and_texts, null)) * 2 = cardinality(fields_and_texts) then
        return '{}';
    end if;
    return jsonb_strip_nulls(jsonb_object(fields_and_texts));
end;
$$;

comment on function staging.uncastable_fields(text[]) is
'Of fields and what staging.uncastable says of each, in turn: those whose value cannot be read.';


do
$$
declare
    relation regclass;
begin
    foreach relation in array array[
        'control.sync_cursor',
        'landing.document_articles', 'landing.document_invoicepayments',
        'landing.document_invoices', 'landing.document_offers', 'landing.document_orders',
        'landing.document_prices', 'landing.document_supplierinvoicepayments',
        'landing.document_supplierinvoices', 'landing.document_vouchers'
    ]::regclass[]
    loop
        call control.protect(relation);
    end loop;
    execute 'grant maintain on all tables in schema landing to saldo_loader';
end
$$;

grant select, insert, update, delete on all tables in schema landing to saldo_loader;
grant select on all tables in schema landing to saldo_transformer, saldo_page;
grant select, insert, update, delete on table control.sync_cursor to saldo_loader, saldo_page;
