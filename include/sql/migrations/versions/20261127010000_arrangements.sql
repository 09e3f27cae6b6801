-- grain: organization x range of accounts
-- key:   organization_id, account_from
-- why:   a company's own arrangement: these accounts are on that line, whatever the chart says
create table control.arrangement (
    organization_id bigint not null references control.organization,
    account_from int not null,
    account_to int not null,
    line_code text not null,
    primary key (organization_id, account_from),
    check (account_from between 1000 and 8989),
    check (account_to between account_from and 8989)
);

call control.protect('control.arrangement');
grant select, insert, update, delete on table control.arrangement to saldo_transformer;
grant select on table control.arrangement to saldo_loader, saldo_page;


-- grain: organization
-- key:   organization_id
-- why:   how its opening balances are taken (reported: as its files state them; rolled: what the
--        year before closed with), and which group it belongs to
create table control.statement_policy (
    organization_id bigint primary key references control.organization,
    opening_policy text not null default 'reported'
    check (opening_policy in ('reported', 'rolled')),
    group_code text not null default '',
    group_name text not null default '',
    check ((group_code = '') = (group_name = ''))
);

call control.protect('control.statement_policy');
grant select, insert, update, delete on table control.statement_policy to saldo_transformer;
grant select on table control.statement_policy to saldo_loader, saldo_page;
