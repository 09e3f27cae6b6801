-- grain:  organization x side x fiscal period with a ledger
-- key:    organization_id, side, fiscal_period_key
-- inputs: subledger_roll_forward, subledger_difference, fct_account_balance_period, dim_account,
--         dim_fiscal_period, dim_financial_year, mart.subledger_control_account
-- why:    the sub-ledger beside its control accounts; where they differ, since when and by what.
--         With the cash method invoices are booked when paid, so the two need not agree
create table mart.subledger_reconciliation (
    organization_id bigint not null,
    side text not null,
    fiscal_period_key bigint not null,
    financial_year_key bigint not null,
    date_key int not null,
    is_cash_method boolean not null,
    subledger_amount numeric(18, 2) not null,
    ledger_amount numeric(18, 2) not null,
    difference_amount numeric(18, 2) not null,
    opening_difference_amount numeric(18, 2) not null,
    manual_voucher_amount numeric(18, 2) not null,
    amount_changed_amount numeric(18, 2) not null,
    voucher_without_document_amount numeric(18, 2) not null,
    document_without_voucher_amount numeric(18, 2) not null,
    voucher_list_missing_amount numeric(18, 2) not null,
    primary key (organization_id, side, fiscal_period_key)
);

insert into mart.subledger_reconciliation (
    organization_id, side, fiscal_period_key, financial_year_key, date_key, is_cash_method,
    subledger_amount, ledger_amount, difference_amount, opening_difference_amount,
    manual_voucher_amount, amount_changed_amount, voucher_without_document_amount,
    document_without_voucher_amount, voucher_list_missing_amount
)
with

control_balance as (

    select
        balance.organization_id,
        control_account.side,
        balance.fiscal_period_key,
        sum(control_account.sign * balance.opening_balance) as opening_amount,
        sum(control_account.sign * balance.closing_balance) as closing_amount
    from mart.fct_account_balance_period as balance
    inner join mart.dim_account as dim_account
        on
            balance.organization_id = dim_account.organization_id
            and balance.account_key = dim_account.account_key
    inner join mart.subledger_control_account as control_account
        on
            dim_account.bas_number
            between control_account.account_from and control_account.account_to
    group by balance.organization_id, control_account.side, balance.fiscal_period_key

),

explained as (

    select
        organization_id,
        side,
        fiscal_period_key,
        sum(difference_amount) filter (
            where cause = 'manual_voucher'
        ) as manual_voucher_amount,
        sum(difference_amount) filter (
            where cause = 'amount_changed'
        ) as amount_changed_amount,
        sum(difference_amount) filter (
            where cause = 'voucher_without_document'
        ) as voucher_without_document_amount,
        sum(difference_amount) filter (
            where cause = 'document_without_voucher'
        ) as document_without_voucher_amount,
        sum(difference_amount) filter (
            where cause = 'voucher_list_missing'
        ) as voucher_list_missing_amount
    from mart.subledger_difference
    group by organization_id, side, fiscal_period_key

),

final as (

    select
        -- keys
        roll_forward.organization_id,
        roll_forward.side,
        roll_forward.fiscal_period_key,
        roll_forward.financial_year_key,
        roll_forward.date_key,

        -- flags
        financial_year.accounting_method = 'CASH' as is_cash_method,

        -- measures
        roll_forward.closing_amount as subledger_amount,
        coalesce(control_balance.closing_amount, 0) as ledger_amount,
        roll_forward.closing_amount
        - coalesce(control_balance.closing_amount, 0) as difference_amount,
        roll_forward.opening_amount
        - coalesce(control_balance.opening_amount, 0) as opening_difference_amount,
        coalesce(explained.manual_voucher_amount, 0) as manual_voucher_amount,
        coalesce(explained.amount_changed_amount, 0) as amount_changed_amount,
        coalesce(
            explained.voucher_without_document_amount, 0
        ) as voucher_without_document_amount,
        coalesce(
            explained.document_without_voucher_amount, 0
        ) as document_without_voucher_amount,
        coalesce(explained.voucher_list_missing_amount, 0) as voucher_list_missing_amount
    from mart.subledger_roll_forward as roll_forward
    inner join mart.dim_fiscal_period as fiscal_period
        on
            roll_forward.organization_id = fiscal_period.organization_id
            and roll_forward.fiscal_period_key = fiscal_period.fiscal_period_key
    inner join mart.dim_financial_year as financial_year
        on
            fiscal_period.organization_id = financial_year.organization_id
            and fiscal_period.financial_year_key = financial_year.financial_year_key
    left join control_balance
        on
            roll_forward.organization_id = control_balance.organization_id
            and roll_forward.side = control_balance.side
            and roll_forward.fiscal_period_key = control_balance.fiscal_period_key
    left join explained
        on
            roll_forward.organization_id = explained.organization_id
            and roll_forward.side = explained.side
            and roll_forward.fiscal_period_key = explained.fiscal_period_key

)

select * from final;
