-- grain:  organization x booked supplier invoice x row of what was bought
-- key:    organization_id, supplier_invoice_number, row_number
-- inputs: staging.fortnox_supplierinvoices, staging.fortnox_supplierinvoice_row, dim_supplier,
--         dim_account, dim_cost_center, dim_project, mart.dim_date
-- why:    a supplier invoice's rows are bookings in SEK; bought is what they book on other accounts
--         than the debt (244x) and VAT (26xx). Rows stand in the single record: an invoice is here
--         when that is
create table mart.fct_purchase_row (
    organization_id bigint not null,
    supplier_invoice_number text not null,
    row_number int not null,
    supplier_key bigint not null,
    account_key bigint not null,
    cost_center_key bigint not null,
    project_key bigint not null,
    date_key int not null,
    row_text text not null,
    quantity numeric,
    net_amount numeric(18, 2) not null,
    primary key (organization_id, supplier_invoice_number, row_number)
);

insert into mart.fct_purchase_row (
    organization_id, supplier_invoice_number, row_number, supplier_key, account_key,
    cost_center_key, project_key, date_key, row_text, quantity, net_amount
)
with

final as (

    select
        -- keys
        invoice.organization_id,
        invoice.supplier_invoice_number,
        invoice_row.row_number,
        coalesce(
            supplier.supplier_key, control.member_key(invoice.organization_id, 0)
        ) as supplier_key,
        dim_account.account_key,
        coalesce(
            cost_center.cost_center_key, control.member_key(invoice.organization_id, 0)
        ) as cost_center_key,
        coalesce(
            project.project_key, control.member_key(invoice.organization_id, 0)
        ) as project_key,
        calendar.date_key,

        -- dimensions
        coalesce(invoice_row.row_text, invoice_row.transaction_text, '') as row_text,

        -- measures
        invoice_row.quantity,
        coalesce(invoice_row.debit_amount, 0)
        - coalesce(invoice_row.credit_amount, 0) as net_amount
    from staging.fortnox_supplierinvoices as invoice
    inner join staging.fortnox_supplierinvoice_row as invoice_row
        on
            invoice.organization_id = invoice_row.organization_id
            and invoice.supplier_invoice_number = invoice_row.supplier_invoice_number
            and invoice_row.is_removed is not true
    inner join mart.dim_account as dim_account
        on
            invoice_row.organization_id = dim_account.organization_id
            and invoice_row.account_number = dim_account.account_number
            and (
                dim_account.bas_number is null
                or not (
                    dim_account.bas_number between 2440 and 2449
                    or dim_account.bas_number between 2600 and 2699
                )
            )
    inner join mart.dim_date as calendar on invoice.invoice_date = calendar.calendar_date
    left join mart.dim_supplier as supplier
        on
            invoice.organization_id = supplier.organization_id
            and invoice.supplier_number = supplier.supplier_number
    left join mart.dim_cost_center as cost_center
        on
            invoice_row.organization_id = cost_center.organization_id
            and coalesce(invoice_row.cost_center_number, invoice.cost_center_number)
            = cost_center.cost_center_number
    left join mart.dim_project as project
        on
            invoice_row.organization_id = project.organization_id
            and coalesce(invoice_row.project_number, invoice.project_number)
            = project.project_number
    where
        invoice.is_booked
        and invoice.is_cancelled is not true

)

select * from final;
