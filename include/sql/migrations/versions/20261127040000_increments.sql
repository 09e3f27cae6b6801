-- grain: organization x financial year with vouchers
-- key:   organization_id, financial_year_key
-- why:   what the year's rows in the marts were made of. A build compares it with what they would
--        be made of now, and makes anew those of the years that are stale
create table control.ledger_year_built (
    organization_id bigint not null references control.organization,
    financial_year_key bigint not null,
    fingerprint text not null,
    is_stale boolean not null,
    primary key (organization_id, financial_year_key)
);

call control.protect('control.ledger_year_built');
grant select, insert, update, delete on table control.ledger_year_built to saldo_transformer;

-- why: the page on data quality shows when each resource was last asked for
call control.open_to_readers('control.sync_status');
grant select on table control.sync_status to saldo_transformer;
