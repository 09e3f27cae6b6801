-- purpose: how an organization's opening balances are taken, and its group
insert into control.statement_policy (organization_id, opening_policy, group_code, group_name)
values (
    control.current_organization_id(),
    coalesce(%(opening_policy)s, 'reported'),
    coalesce(%(group_code)s, ''),
    coalesce(%(group_name)s, '')
)
on conflict (organization_id) do update
    set
        opening_policy = coalesce(%(opening_policy)s, statement_policy.opening_policy),
        group_code = coalesce(%(group_code)s, statement_policy.group_code),
        group_name = coalesce(%(group_name)s, statement_policy.group_name)
