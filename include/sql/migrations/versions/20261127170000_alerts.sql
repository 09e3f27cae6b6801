-- grain: organization x cause
-- why:   a cause is raised once, whatever runs meanwhile, and again only after it had ended; told
--        names the notifiers that have passed it on
create table control.alert (
    organization_id bigint not null references control.organization,
    cause text not null,
    raised_at timestamptz not null,
    cleared_at timestamptz,
    told text[] not null default '{}',
    primary key (organization_id, cause)
);

call control.protect('control.alert');
grant select, insert, update, delete on table control.alert to saldo_page;
