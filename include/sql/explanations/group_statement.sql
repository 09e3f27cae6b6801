-- grain:  group x calendar month x line of the income statement or the balance sheet
-- key:    group_code, month_date, statement_line_key
-- inputs: fct_account_balance_period, dim_organization, dim_fiscal_period, dim_account,
--         dim_statement_line, bridge_statement_line, intra_group_account
-- why:    the sum of the organizations of a group that the reader may see, and apart of it what
--         they have with each other: nothing is eliminated, since its two sides need not agree.
--         The month's amount of the income statement, the closing amount of the balance sheet (the
--         derived lines for prior results and unbalanced vouchers are the organizations' own)
create view mart.group_statement with (security_invoker = true) as
select
    dim_organization.group_code,
    dim_organization.group_name,
    fiscal_period.month_date,
    statement_line.statement_line_key,
    count(distinct balance.organization_id) as organization_count,
    sum(
        statement_line.sign * case statement_line.statement_code
            when 'income_statement' then balance.net_amount
            else balance.closing_balance
        end
    )::numeric(18, 2) as amount,
    coalesce(
        sum(
            statement_line.sign * case statement_line.statement_code
                when 'income_statement' then balance.net_amount
                else balance.closing_balance
            end
        ) filter (where intra_group.account_from is not null),
        0
    )::numeric(18, 2) as intra_group_amount
from mart.fct_account_balance_period as balance
inner join mart.dim_organization as dim_organization
    on
        balance.organization_id = dim_organization.organization_id
        and dim_organization.group_code <> ''
inner join mart.dim_fiscal_period as fiscal_period
    on
        balance.organization_id = fiscal_period.organization_id
        and balance.fiscal_period_key = fiscal_period.fiscal_period_key
inner join mart.dim_account as dim_account
    on
        balance.organization_id = dim_account.organization_id
        and balance.account_key = dim_account.account_key
inner join mart.bridge_statement_line as bridge
    on balance.statement_line_key = bridge.component_line_key
inner join mart.dim_statement_line as statement_line
    on bridge.statement_line_key = statement_line.statement_line_key
left join mart.intra_group_account as intra_group
    on dim_account.bas_number between intra_group.account_from and intra_group.account_to
group by
    dim_organization.group_code,
    dim_organization.group_name,
    fiscal_period.month_date,
    statement_line.statement_line_key;
