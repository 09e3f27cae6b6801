-- grain: invitation
-- why:   a link lets one company in, once, within its days; of the key in it a digest is kept.
--        used_by is the organization that it let in; claimed_at keeps a second browser out while
--        the approval of the first is being exchanged
create table control.invitation (
    invitation_id bigint generated always as identity primary key,
    key_digest bytea not null unique,
    addressee text not null check (addressee <> ''),
    organization_number text not null,
    scopes text not null,
    made_by text not null,
    made_at timestamptz not null default clock_timestamp(),
    ends_at timestamptz not null,
    opened_at timestamptz,
    revoked_at timestamptz,
    claimed_at timestamptz,
    used_at timestamptz,
    used_by bigint references control.organization on delete set null
);

grant select, insert, update, delete on table control.invitation to saldo_page;


-- grain: digest of a caller's address x minute
-- why:   what asks without a login is counted, over all processes; rows of past hours are removed
--        by whoever counts next
create table control.anonymous_request (
    caller_digest bytea not null,
    counted_minute timestamptz not null,
    requests int not null,
    primary key (caller_digest, counted_minute)
);

grant select, insert, update, delete on table control.anonymous_request to saldo_page;
