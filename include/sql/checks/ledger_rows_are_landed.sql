-- severity: stop
-- inputs:   landing.voucher, landing.voucher_row, mart.fct_ledger_row, mart.dim_financial_year,
--           mart.dim_account, mart.dim_cost_center, mart.dim_project
-- why:      every landed row is in the mart once, with its date, account, amount, cost centre and
--           project, and nothing else is; a full join, so that a lost row shows as well as an
--           invented one
with

landed as (

    select
        voucher_row.organization_id,
        voucher_row.financial_year_id,
        voucher_row.voucher_series,
        voucher_row.voucher_number,
        voucher_row.voucher_ordinal,
        voucher_row.row_number,
        voucher.voucher_date,
        voucher_row.account_number,
        voucher_row.cost_center,
        voucher_row.project,
        voucher_row.is_struck,
        round(voucher_row.amount, 2) as amount
    from landing.voucher_row as voucher_row
    left join landing.voucher as voucher
        on
            voucher_row.organization_id = voucher.organization_id
            and voucher_row.financial_year_id = voucher.financial_year_id
            and voucher_row.voucher_series = voucher.voucher_series
            and voucher_row.voucher_number = voucher.voucher_number
            and voucher_row.voucher_ordinal = voucher.voucher_ordinal
            and voucher_row.valid_to = voucher.valid_to
    where voucher_row.valid_to = 'infinity'

),

built as (

    select
        ledger_row.organization_id,
        financial_year.financial_year_id,
        ledger_row.voucher_series,
        ledger_row.voucher_number,
        ledger_row.voucher_ordinal,
        ledger_row.row_number,
        ledger_row.voucher_date,
        dim_account.account_number,
        cost_center.cost_center_number,
        project.project_number,
        ledger_row.is_struck,
        ledger_row.amount,
        ledger_row.struck_amount
    from mart.fct_ledger_row as ledger_row
    left join mart.dim_financial_year as financial_year
        on
            ledger_row.organization_id = financial_year.organization_id
            and ledger_row.financial_year_key = financial_year.financial_year_key
    left join mart.dim_account as dim_account
        on
            ledger_row.organization_id = dim_account.organization_id
            and ledger_row.account_key = dim_account.account_key
    left join mart.dim_cost_center as cost_center
        on
            ledger_row.organization_id = cost_center.organization_id
            and ledger_row.cost_center_key = cost_center.cost_center_key
    left join mart.dim_project as project
        on
            ledger_row.organization_id = project.organization_id
            and ledger_row.project_key = project.project_key

)

select
    coalesce(landed.organization_id, built.organization_id) as organization_id,
    case
        when built.organization_id is null then 'landed row is not in the mart'
        when landed.organization_id is null then 'row of the mart has not landed'
        else 'row of the mart is not what landed'
    end as reason,
    jsonb_build_object(
        'financial_year_id', coalesce(landed.financial_year_id, built.financial_year_id),
        'voucher', concat_ws(
            ' ',
            coalesce(landed.voucher_series, built.voucher_series),
            coalesce(landed.voucher_number, built.voucher_number)
        ),
        'ordinal', coalesce(landed.voucher_ordinal, built.voucher_ordinal),
        'row', coalesce(landed.row_number, built.row_number),
        'landed', concat_ws(
            ' ', landed.voucher_date, landed.account_number, landed.cost_center, landed.project,
            landed.amount
        ),
        'built', concat_ws(
            ' ', built.voucher_date, built.account_number, built.cost_center_number,
            built.project_number, built.amount
        )
    ) as detail
from landed
full outer join built
    on
        landed.organization_id = built.organization_id
        and landed.financial_year_id = built.financial_year_id
        and landed.voucher_series = built.voucher_series
        and landed.voucher_number = built.voucher_number
        and landed.voucher_ordinal = built.voucher_ordinal
        and landed.row_number = built.row_number
where
    landed.organization_id is null
    or built.organization_id is null
    or landed.voucher_date is distinct from built.voucher_date
    or landed.account_number is distinct from built.account_number
    or landed.cost_center is distinct from built.cost_center_number
    or landed.project is distinct from built.project_number
    or landed.is_struck is distinct from built.is_struck
    or case when landed.is_struck then 0 else landed.amount end
    is distinct from built.amount
    or case when landed.is_struck then landed.amount else 0 end
    is distinct from built.struck_amount;
