-- purpose: tells the years whose rows in the marts are to be made anew from those that stand
-- inputs:  landing.voucher, dim_financial_year, dim_fiscal_period, dim_account, dim_cost_center,
--          dim_project, bridge_account_statement_line
-- why:     a row of fct_ledger_row is made of its voucher (whose digest is of all its bytes), its
--          year's days and periods, and the keys and lines of account, cost centre and project;
--          where none of them changed, neither did the row
with

voucher_state as (

    select
        organization_id,
        financial_year_id,
        count(*) as voucher_count,
        bit_xor(
            hashtextextended(
                concat_ws(
                    e'\x1f', voucher_series, voucher_number, voucher_ordinal, voucher_date, digest
                ),
                0
            )
        ) as voucher_hash
    from landing.voucher
    where valid_to = 'infinity'
    group by organization_id, financial_year_id

),

account_state as (

    select
        account_line.organization_id,
        account_line.financial_year_key,
        string_agg(
            concat_ws(
                ' ',
                dim_account.account_number,
                account_line.account_key,
                account_line.statement_line_key
            ),
            ',' order by account_line.account_key
        ) as account_lines
    from mart.bridge_account_statement_line as account_line
    inner join mart.dim_account as dim_account
        on
            account_line.organization_id = dim_account.organization_id
            and account_line.account_key = dim_account.account_key
    group by account_line.organization_id, account_line.financial_year_key

),

period_state as (

    select
        organization_id,
        financial_year_key,
        string_agg(
            concat_ws(' ', fiscal_period_key, month_date), ',' order by fiscal_period_key
        ) as periods
    from mart.dim_fiscal_period
    group by organization_id, financial_year_key

),

object_state as (

    select
        organization_id,
        string_agg(
            concat_ws(e'\x1f', object_kind, object_number, object_key),
            ',' order by object_kind, object_key
        ) as objects
    from (
        select
            organization_id,
            'cost centre' as object_kind,
            cost_center_number as object_number,
            cost_center_key as object_key
        from mart.dim_cost_center
        union all
        select
            organization_id,
            'project' as object_kind,
            project_number as object_number,
            project_key as object_key
        from mart.dim_project
    ) as either
    group by organization_id

),

year_state as (

    select
        voucher_state.organization_id,
        financial_year.financial_year_key,
        md5(
            concat_ws(
                ';',
                voucher_state.voucher_count,
                voucher_state.voucher_hash,
                financial_year.financial_year_key,
                financial_year.start_date,
                financial_year.end_date,
                period_state.periods,
                account_state.account_lines,
                object_state.objects
            )
        ) as fingerprint
    from voucher_state
    inner join mart.dim_financial_year as financial_year
        on
            voucher_state.organization_id = financial_year.organization_id
            and voucher_state.financial_year_id = financial_year.financial_year_id
    left join period_state
        on
            financial_year.organization_id = period_state.organization_id
            and financial_year.financial_year_key = period_state.financial_year_key
    left join account_state
        on
            financial_year.organization_id = account_state.organization_id
            and financial_year.financial_year_key = account_state.financial_year_key
    left join object_state
        on voucher_state.organization_id = object_state.organization_id

),

gone as (

    delete from control.ledger_year_built as built
    where not exists (
        select 1
        from year_state
        where
            year_state.organization_id = built.organization_id
            and year_state.financial_year_key = built.financial_year_key
    )

)

insert into control.ledger_year_built as built (
    organization_id, financial_year_key, fingerprint, is_stale
)
select
    organization_id,
    financial_year_key,
    fingerprint,
    true as is_stale
from year_state
on conflict (organization_id, financial_year_key)
do update set
    is_stale = built.fingerprint <> excluded.fingerprint,
    fingerprint = excluded.fingerprint
