-- purpose: a range of accounts and the line that they are to be on
insert into control.arrangement (organization_id, account_from, account_to, line_code)
values (
    control.current_organization_id(), %(account_from)s, %(account_to)s, %(line_code)s
)
