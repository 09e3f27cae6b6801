-- grain:  account number x BAS year
-- key:    account_number, bas_year
-- inputs: staging.member_key, staging.financial_year, control.arrangement,
--         mart.statement_account_range, mart.dim_statement_line
-- why:    the range is looked up once per distinct account and BAS year. A number of four digits is
--         taken as it is; a longer one counts by its first four, a shorter one is filled up with
--         zeros; what starts with 0 or 9 or is no number is outside the chart. Without any
--         financial year the newest chart holds. The organization's own arrangement comes first,
--         where it names a line of the same side (assets, equity and liabilities, income)
create view staging.account_line with (security_invoker = true) as
with

distinct_account as materialized (

    select
        member_key.organization_id,
        member_key.natural_key as account_number,
        coalesce(financial_year.bas_year, 9999) as bas_year,
        case
            when member_key.natural_key ~ '^[1-8][0-9]*$'
                then rpad(left(member_key.natural_key, 4), 4, '0')::int
        end as bas_number
    from staging.member_key as member_key
    left join staging.financial_year as financial_year
        on member_key.organization_id = financial_year.organization_id
    where member_key.entity = 'account'
    group by
        member_key.organization_id,
        member_key.natural_key,
        financial_year.bas_year

)

select
    distinct_account.organization_id,
    distinct_account.account_number,
    distinct_account.bas_year,
    distinct_account.bas_number,
    coalesce(
        arranged_line.statement_line_key, statement_line.statement_line_key
    ) as statement_line_key
from distinct_account
left join mart.statement_account_range as account_range
    on
        distinct_account.bas_number
        between account_range.account_from and account_range.account_to
        and distinct_account.bas_year
        between account_range.bas_year_from and account_range.bas_year_to
inner join mart.dim_statement_line as statement_line
    on coalesce(account_range.line_code, 'accounts_outside_chart') = statement_line.line_code
left join control.arrangement as arrangement
    on
        distinct_account.organization_id = arrangement.organization_id
        and distinct_account.bas_number
        between arrangement.account_from and arrangement.account_to
left join mart.dim_statement_line as arranged_line
    on
        arrangement.line_code = arranged_line.line_code
        and arranged_line.kind = 'line'
        and statement_line.statement_code = arranged_line.statement_code
        and statement_line.sign = arranged_line.sign;
