-- grain: organization x name of a file
-- why:   files are summarized before they are taken, and whichever process answers then has them;
--        those that nobody takes are removed a day later by whoever hands in the next
create table control.sie_upload (
    organization_id bigint not null references control.organization,
    file_name text not null,
    data bytea not null,
    uploaded_at timestamptz not null default clock_timestamp(),
    primary key (organization_id, file_name)
);

call control.protect('control.sie_upload');
grant select, insert, update, delete on table control.sie_upload to saldo_page;
