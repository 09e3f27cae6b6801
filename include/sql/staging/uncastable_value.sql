-- grain:  organization x view of Fortnox's records x record with a value that cannot be read
-- key:    organization_id, relation_name, record_key
-- inputs: staging.fortnox_accounts, staging.fortnox_articles, staging.fortnox_companysettings,
--         staging.fortnox_contract_row, staging.fortnox_contractaccrual_row,
--         staging.fortnox_contractaccruals, staging.fortnox_contracts, staging.fortnox_costcenters,
--         staging.fortnox_currencies, staging.fortnox_financialyears, staging.fortnox_invoice_row,
--         staging.fortnox_invoiceaccrual_row, staging.fortnox_invoiceaccruals,
--         staging.fortnox_invoicepayments, staging.fortnox_invoices, staging.fortnox_lockedperiod,
--         staging.fortnox_offer_row, staging.fortnox_offers, staging.fortnox_order_row,
--         staging.fortnox_orders, staging.fortnox_pricelists, staging.fortnox_prices,
--         staging.fortnox_projects, staging.fortnox_supplierinvoice_row,
--         staging.fortnox_supplierinvoiceaccrual_row, staging.fortnox_supplierinvoiceaccruals,
--         staging.fortnox_supplierinvoicepayments, staging.fortnox_supplierinvoices,
--         staging.fortnox_suppliers, staging.fortnox_taxreductions, staging.fortnox_vouchers,
--         staging.fortnox_voucherseries
-- why:    one arm a view that has a column uncastable; a test holds it complete
create view staging.uncastable_value with (security_invoker = true) as
select
    organization_id,
    'accounts' as relation_name,
    document_key as record_key,
    uncastable
from staging.fortnox_accounts
where uncastable <> '{}'
union all
select
    organization_id,
    'articles' as relation_name,
    document_key as record_key,
    uncastable
from staging.fortnox_articles
where uncastable <> '{}'
union all
select
    organization_id,
    'companysettings' as relation_name,
    document_key as record_key,
    uncastable
from staging.fortnox_companysettings
where uncastable <> '{}'
union all
select
    organization_id,
    'contract_row' as relation_name,
    document_key || '/' || row_number as record_key,
    uncastable
from staging.fortnox_contract_row
where uncastable <> '{}'
union all
select
    organization_id,
    'contractaccrual_row' as relation_name,
    document_key || '/' || row_number as record_key,
    uncastable
from staging.fortnox_contractaccrual_row
where uncastable <> '{}'
union all
select
    organization_id,
    'contractaccruals' as relation_name,
    document_key as record_key,
    uncastable
from staging.fortnox_contractaccruals
where uncastable <> '{}'
union all
select
    organization_id,
    'contracts' as relation_name,
    document_key as record_key,
    uncastable
from staging.fortnox_contracts
where uncastable <> '{}'
union all
select
    organization_id,
    'costcenters' as relation_name,
    document_key as record_key,
    uncastable
from staging.fortnox_costcenters
where uncastable <> '{}'
union all
select
    organization_id,
    'currencies' as relation_name,
    document_key as record_key,
    uncastable
from staging.fortnox_currencies
where uncastable <> '{}'
union all
select
    organization_id,
    'financialyears' as relation_name,
    document_key as record_key,
    uncastable
from staging.fortnox_financialyears
where uncastable <> '{}'
union all
select
    organization_id,
    'invoice_row' as relation_name,
    document_key || '/' || row_number as record_key,
    uncastable
from staging.fortnox_invoice_row
where uncastable <> '{}'
union all
select
    organization_id,
    'invoiceaccrual_row' as relation_name,
    document_key || '/' || row_number as record_key,
    uncastable
from staging.fortnox_invoiceaccrual_row
where uncastable <> '{}'
union all
select
    organization_id,
    'invoiceaccruals' as relation_name,
    document_key as record_key,
    uncastable
from staging.fortnox_invoiceaccruals
where uncastable <> '{}'
union all
select
    organization_id,
    'invoicepayments' as relation_name,
    document_key as record_key,
    uncastable
from staging.fortnox_invoicepayments
where uncastable <> '{}'
union all
select
    organization_id,
    'invoices' as relation_name,
    document_key as record_key,
    uncastable
from staging.fortnox_invoices
where uncastable <> '{}'
union all
select
    organization_id,
    'lockedperiod' as relation_name,
    document_key as record_key,
    uncastable
from staging.fortnox_lockedperiod
where uncastable <> '{}'
union all
select
    organization_id,
    'offer_row' as relation_name,
    document_key || '/' || row_number as record_key,
    uncastable
from staging.fortnox_offer_row
where uncastable <> '{}'
union all
select
    organization_id,
    'offers' as relation_name,
    document_key as record_key,
    uncastable
from staging.fortnox_offers
where uncastable <> '{}'
union all
select
    organization_id,
    'order_row' as relation_name,
    document_key || '/' || row_number as record_key,
    uncastable
from staging.fortnox_order_row
where uncastable <> '{}'
union all
select
    organization_id,
    'orders' as relation_name,
    document_key as record_key,
    uncastable
from staging.fortnox_orders
where uncastable <> '{}'
union all
select
    organization_id,
    'pricelists' as relation_name,
    document_key as record_key,
    uncastable
from staging.fortnox_pricelists
where uncastable <> '{}'
union all
select
    organization_id,
    'prices' as relation_name,
    document_key as record_key,
    uncastable
from staging.fortnox_prices
where uncastable <> '{}'
union all
select
    organization_id,
    'projects' as relation_name,
    document_key as record_key,
    uncastable
from staging.fortnox_projects
where uncastable <> '{}'
union all
select
    organization_id,
    'supplierinvoice_row' as relation_name,
    document_key || '/' || row_number as record_key,
    uncastable
from staging.fortnox_supplierinvoice_row
where uncastable <> '{}'
union all
select
    organization_id,
    'supplierinvoiceaccrual_row' as relation_name,
    document_key || '/' || row_number as record_key,
    uncastable
from staging.fortnox_supplierinvoiceaccrual_row
where uncastable <> '{}'
union all
select
    organization_id,
    'supplierinvoiceaccruals' as relation_name,
    document_key as record_key,
    uncastable
from staging.fortnox_supplierinvoiceaccruals
where uncastable <> '{}'
union all
select
    organization_id,
    'supplierinvoicepayments' as relation_name,
    document_key as record_key,
    uncastable
from staging.fortnox_supplierinvoicepayments
where uncastable <> '{}'
union all
select
    organization_id,
    'supplierinvoices' as relation_name,
    document_key as record_key,
    uncastable
from staging.fortnox_supplierinvoices
where uncastable <> '{}'
union all
select
    organization_id,
    'suppliers' as relation_name,
    document_key as record_key,
    uncastable
from staging.fortnox_suppliers
where uncastable <> '{}'
union all
select
    organization_id,
    'taxreductions' as relation_name,
    document_key as record_key,
    uncastable
from staging.fortnox_taxreductions
where uncastable <> '{}'
union all
select
    organization_id,
    'vouchers' as relation_name,
    document_key as record_key,
    uncastable
from staging.fortnox_vouchers
where uncastable <> '{}'
union all
select
    organization_id,
    'voucherseries' as relation_name,
    document_key as record_key,
    uncastable
from staging.fortnox_voucherseries
where uncastable <> '{}';
