-- grain:  organization x booked customer invoice x row; freight and fee of the invoice are rows -1
--         and -2
-- key:    organization_id, invoice_number, row_number
-- inputs: staging.fortnox_invoices, staging.fortnox_invoice_row, dim_customer, dim_article,
--         dim_seller, dim_cost_center, dim_project, mart.dim_date
-- why:    what was sold, without VAT, in SEK at the invoice's rate. Rows stand in an invoice's
--         single record: an invoice is here when that is. A cash invoice is a sale; a credit is
--         negative
create table mart.fct_sales_row (
    organization_id bigint not null,
    invoice_number text not null,
    row_number int not null,
    customer_key bigint not null,
    article_key bigint not null,
    seller_key bigint not null,
    cost_center_key bigint not null,
    project_key bigint not null,
    date_key int not null,
    currency text not null,
    row_text text not null,
    quantity numeric,
    net_amount numeric(18, 2) not null,
    net_amount_currency numeric(18, 2) not null,
    contribution_amount numeric(18, 2),
    primary key (organization_id, invoice_number, row_number)
);

insert into mart.fct_sales_row (
    organization_id, invoice_number, row_number, customer_key, article_key, seller_key,
    cost_center_key, project_key, date_key, currency, row_text, quantity, net_amount,
    net_amount_currency, contribution_amount
)
with

invoice as materialized (

    select
        organization_id,
        invoice_number,
        customer_number,
        our_reference as seller_name,
        cost_center_number,
        project_number,
        coalesce(currency, 'SEK') as currency,
        invoice_date,
        case
            when currency_rate / coalesce(nullif(currency_unit, 0), 1) between 0 and 10000
                then currency_rate / coalesce(nullif(currency_unit, 0), 1)
            else 1
        end as rate,
        freight_amount_currency,
        fee_amount_currency
    from staging.fortnox_invoices
    where
        is_booked
        and is_cancelled is not true

),

sold as (

    select
        invoice.organization_id,
        invoice.invoice_number,
        invoice_row.row_number,
        invoice_row.article_number,
        coalesce(invoice_row.cost_center_number, invoice.cost_center_number) as cost_center_number,
        coalesce(invoice_row.project_number, invoice.project_number) as project_number,
        coalesce(invoice_row.row_text, '') as row_text,
        invoice_row.delivered_quantity as quantity,
        invoice_row.total_excluding_vat_amount_currency as net_amount_currency,
        invoice_row.contribution_amount_currency
    from invoice
    inner join staging.fortnox_invoice_row as invoice_row
        on
            invoice.organization_id = invoice_row.organization_id
            and invoice.invoice_number = invoice_row.invoice_number
            and not invoice_row.is_removed
    where invoice_row.total_excluding_vat_amount_currency is not null
    union all
    select
        organization_id,
        invoice_number,
        -1 as row_number,
        null as article_number,
        cost_center_number,
        project_number,
        'Frakt' as row_text,
        null as quantity,
        freight_amount_currency as net_amount_currency,
        null as contribution_amount_currency
    from invoice
    where freight_amount_currency <> 0
    union all
    select
        organization_id,
        invoice_number,
        -2 as row_number,
        null as article_number,
        cost_center_number,
        project_number,
        'Avgift' as row_text,
        null as quantity,
        fee_amount_currency as net_amount_currency,
        null as contribution_amount_currency
    from invoice
    where fee_amount_currency <> 0

),

final as (

    select
        -- keys
        sold.organization_id,
        sold.invoice_number,
        sold.row_number,
        coalesce(
            customer.customer_key, control.member_key(sold.organization_id, 0)
        ) as customer_key,
        coalesce(article.article_key, control.member_key(sold.organization_id, 0)) as article_key,
        coalesce(seller.seller_key, control.member_key(sold.organization_id, 0)) as seller_key,
        coalesce(
            cost_center.cost_center_key, control.member_key(sold.organization_id, 0)
        ) as cost_center_key,
        coalesce(project.project_key, control.member_key(sold.organization_id, 0)) as project_key,
        calendar.date_key,

        -- dimensions
        invoice.currency,
        sold.row_text,

        -- measures
        sold.quantity,
        round(sold.net_amount_currency * invoice.rate, 2) as net_amount,
        sold.net_amount_currency,
        round(sold.contribution_amount_currency * invoice.rate, 2) as contribution_amount
    from sold
    inner join invoice
        on
            sold.organization_id = invoice.organization_id
            and sold.invoice_number = invoice.invoice_number
    inner join mart.dim_date as calendar on invoice.invoice_date = calendar.calendar_date
    left join mart.dim_customer as customer
        on
            invoice.organization_id = customer.organization_id
            and invoice.customer_number = customer.customer_number
    left join mart.dim_article as article
        on
            sold.organization_id = article.organization_id
            and sold.article_number = article.article_number
    left join mart.dim_seller as seller
        on
            invoice.organization_id = seller.organization_id
            and invoice.seller_name = seller.seller_name
    left join mart.dim_cost_center as cost_center
        on
            sold.organization_id = cost_center.organization_id
            and sold.cost_center_number = cost_center.cost_center_number
    left join mart.dim_project as project
        on
            sold.organization_id = project.organization_id
            and sold.project_number = project.project_number

)

select * from final;
