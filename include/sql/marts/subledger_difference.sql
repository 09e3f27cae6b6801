-- grain:  organization x side x fiscal period x voucher or document by which the sub-ledger and its
--         control accounts came apart, or together again
-- key:    organization_id, side, fiscal_period_key, cause, document_type, document_number, voucher
-- inputs: fct_subledger_movement, fct_ledger_row, staging.fortnox_vouchers, dim_account,
--         dim_financial_year, dim_fiscal_period, mart.subledger_control_account
-- why:    what is in one and not in the other, with its cause, so that the differences of a period
--         sum to what the difference changed by. A voucher is known to come from a document by
--         Fortnox's voucher list; until that is here a period has one difference, whose cause is
--         voucher_list_missing
create table mart.subledger_difference (
    organization_id bigint not null,
    side text not null,
    fiscal_period_key bigint not null,
    cause text not null check (
        cause in (
            'manual_voucher', 'amount_changed', 'voucher_without_document',
            'document_without_voucher', 'voucher_list_missing'
        )
    ),
    document_type text not null,
    document_number text not null,
    voucher text not null,
    financial_year_key bigint not null,
    date_key int not null,
    subledger_amount numeric(18, 2) not null,
    ledger_amount numeric(18, 2) not null,
    difference_amount numeric(18, 2) not null,
    primary key (
        organization_id, side, fiscal_period_key, cause, document_type, document_number, voucher
    )
);

insert into mart.subledger_difference (
    organization_id, side, fiscal_period_key, cause, document_type, document_number, voucher,
    financial_year_key, date_key, subledger_amount, ledger_amount, difference_amount
)
with

voucher_document as (

    select
        fortnox_vouchers.organization_id,
        financial_year.financial_year_key,
        fortnox_vouchers.voucher_series,
        fortnox_vouchers.voucher_number,
        max(fortnox_vouchers.reference_type) as reference_type,
        max(fortnox_vouchers.reference_number) as reference_number
    from staging.fortnox_vouchers as fortnox_vouchers
    inner join mart.dim_financial_year as financial_year
        on
            fortnox_vouchers.organization_id = financial_year.organization_id
            and fortnox_vouchers.financial_year_id = financial_year.financial_year_id
    group by
        fortnox_vouchers.organization_id,
        financial_year.financial_year_key,
        fortnox_vouchers.voucher_series,
        fortnox_vouchers.voucher_number

),

listed_year as (

    select
        organization_id,
        financial_year_key
    from voucher_document
    group by organization_id, financial_year_key

),

booked as (

    select
        ledger_row.organization_id,
        control_account.side,
        ledger_row.financial_year_key,
        ledger_row.fiscal_period_key,
        case
            when listed_year.organization_id is not null then ledger_row.voucher_series else ''
        end as voucher_series,
        case
            when listed_year.organization_id is not null then ledger_row.voucher_number else ''
        end as voucher_number,
        sum(control_account.sign * ledger_row.amount) as ledger_amount
    from mart.fct_ledger_row as ledger_row
    inner join mart.dim_account as dim_account
        on
            ledger_row.organization_id = dim_account.organization_id
            and ledger_row.account_key = dim_account.account_key
    inner join mart.subledger_control_account as control_account
        on
            dim_account.bas_number
            between control_account.account_from and control_account.account_to
    left join listed_year
        on
            ledger_row.organization_id = listed_year.organization_id
            and ledger_row.financial_year_key = listed_year.financial_year_key
    group by
        ledger_row.organization_id,
        control_account.side,
        ledger_row.financial_year_key,
        ledger_row.fiscal_period_key,
        case
            when listed_year.organization_id is not null then ledger_row.voucher_series else ''
        end,
        case
            when listed_year.organization_id is not null then ledger_row.voucher_number else ''
        end

),

-- vouchers of invoices and payments by their document, all others by themselves
booked_document as (

    select
        booked.organization_id,
        booked.side,
        booked.fiscal_period_key,
        case
            when
                voucher_document.reference_type = 'INVOICE' and booked.side = 'receivable'
                then 'invoice'
            when
                voucher_document.reference_type = 'SUPPLIERINVOICE' and booked.side = 'payable'
                then 'invoice'
            when
                voucher_document.reference_type = 'INVOICEPAYMENT'
                and booked.side = 'receivable'
                then 'payment'
            when
                voucher_document.reference_type = 'SUPPLIERPAYMENT' and booked.side = 'payable'
                then 'payment'
            else ''
        end as document_type,
        trim(concat_ws(' ', booked.voucher_series, booked.voucher_number)) as voucher,
        coalesce(voucher_document.reference_number, '') as reference_number,
        booked.ledger_amount
    from booked
    left join voucher_document
        on
            booked.organization_id = voucher_document.organization_id
            and booked.financial_year_key = voucher_document.financial_year_key
            and booked.voucher_series = voucher_document.voucher_series
            and booked.voucher_number = voucher_document.voucher_number

),

ledger_side as (

    select
        organization_id,
        side,
        fiscal_period_key,
        document_type,
        case when document_type = '' then '' else reference_number end as document_number,
        case when document_type = '' then voucher else '' end as own_voucher,
        string_agg(voucher, ', ' order by voucher) as voucher,
        sum(ledger_amount) as ledger_amount
    from booked_document
    group by
        organization_id,
        side,
        fiscal_period_key,
        document_type,
        case when document_type = '' then '' else reference_number end,
        case when document_type = '' then voucher else '' end

),

document_movement as (

    select
        movement.organization_id,
        movement.side,
        fiscal_period.fiscal_period_key,
        case
            when listed_year.organization_id is null then ''
            when movement.movement_kind in ('invoiced', 'credited') then 'invoice'
            when movement.payment_number is not null then 'payment'
            else 'settlement'
        end as document_type,
        movement.movement_kind,
        movement.invoice_number,
        movement.payment_number,
        movement.amount
    from mart.fct_subledger_movement as movement
    inner join mart.dim_fiscal_period as fiscal_period
        on
            movement.organization_id = fiscal_period.organization_id
            and movement.movement_date
            between fiscal_period.start_date and fiscal_period.end_date
            and fiscal_period.has_ledger
    left join listed_year
        on
            fiscal_period.organization_id = listed_year.organization_id
            and fiscal_period.financial_year_key = listed_year.financial_year_key

),

-- a credit and the invoice it was matched against cancel
numbered_movement as (

    select
        organization_id,
        side,
        fiscal_period_key,
        document_type,
        case
            when document_type = '' or movement_kind = 'matched' then ''
            when document_type = 'payment' then payment_number
            else invoice_number
        end as document_number,
        amount
    from document_movement

),

subledger_side as (

    select
        organization_id,
        side,
        fiscal_period_key,
        document_type,
        document_number,
        sum(amount) as subledger_amount
    from numbered_movement
    group by organization_id, side, fiscal_period_key, document_type, document_number

),

compared as (

    select
        coalesce(ledger_side.organization_id, subledger_side.organization_id) as organization_id,
        coalesce(ledger_side.side, subledger_side.side) as side,
        coalesce(
            ledger_side.fiscal_period_key, subledger_side.fiscal_period_key
        ) as fiscal_period_key,
        coalesce(ledger_side.document_type, subledger_side.document_type) as document_type,
        coalesce(ledger_side.document_number, subledger_side.document_number) as document_number,
        coalesce(ledger_side.voucher, '') as voucher,
        coalesce(subledger_side.subledger_amount, 0) as subledger_amount,
        coalesce(ledger_side.ledger_amount, 0) as ledger_amount,
        ledger_side.organization_id is not null as is_in_ledger,
        subledger_side.organization_id is not null as is_in_subledger
    from ledger_side
    full outer join subledger_side
        on
            ledger_side.organization_id = subledger_side.organization_id
            and ledger_side.side = subledger_side.side
            and ledger_side.fiscal_period_key = subledger_side.fiscal_period_key
            and ledger_side.document_type = subledger_side.document_type
            and ledger_side.document_number = subledger_side.document_number

),

final as (

    select
        -- keys
        compared.organization_id,
        compared.side,
        compared.fiscal_period_key,
        case
            when listed_year.organization_id is null then 'voucher_list_missing'
            when compared.is_in_ledger and compared.is_in_subledger then 'amount_changed'
            when not compared.is_in_ledger then 'document_without_voucher'
            when compared.document_type = '' then 'manual_voucher'
            else 'voucher_without_document'
        end as cause,
        compared.document_type,
        compared.document_number,
        compared.voucher,
        fiscal_period.financial_year_key,
        fiscal_period.date_key,

        -- measures
        compared.subledger_amount,
        compared.ledger_amount,
        compared.subledger_amount - compared.ledger_amount as difference_amount
    from compared
    inner join mart.dim_fiscal_period as fiscal_period
        on
            compared.organization_id = fiscal_period.organization_id
            and compared.fiscal_period_key = fiscal_period.fiscal_period_key
    left join listed_year
        on
            fiscal_period.organization_id = listed_year.organization_id
            and fiscal_period.financial_year_key = listed_year.financial_year_key
    where compared.subledger_amount <> compared.ledger_amount

)

select * from final;
