-- grain:  organization x side (receivable, payable) x invoice that is or was a claim or a debt
-- key:    organization_id, side, invoice_number
-- inputs: staging.fortnox_invoices, staging.fortnox_supplierinvoices
-- why:    both sub-ledgers in one shape. An invoice counts when it is booked and not cancelled; a
--         cash invoice was paid when it was made. A credit invoice is negative, whatever sign it
--         came with. rate is SEK for one unit of the currency, 1
--         where what came can be none
create view staging.subledger_invoice with (security_invoker = true) as
select
    organization_id,
    'receivable' as side,
    invoice_number,
    coalesce(customer_number, '') as party_number,
    coalesce(currency, 'SEK') as currency,
    case when total_amount_currency < 0 then credit_invoice_number end as credited_invoice_number,
    invoice_date,
    coalesce(due_date, invoice_date) as due_date,
    final_pay_date,
    case
        when currency_rate / coalesce(nullif(currency_unit, 0), 1) between 0 and 10000
            then currency_rate / coalesce(nullif(currency_unit, 0), 1)
        else 1
    end as rate,
    total_amount_currency,
    balance_amount_currency
from staging.fortnox_invoices
where
    is_booked
    and is_cancelled is not true
    and coalesce(invoice_type, '') <> 'CASHINVOICE'
    and invoice_date is not null
    and total_amount_currency is not null
union all
select
    organization_id,
    'payable' as side,
    supplier_invoice_number as invoice_number,
    coalesce(supplier_number, '') as party_number,
    coalesce(currency, 'SEK') as currency,
    case when is_credit then credit_invoice_number end as credited_invoice_number,
    invoice_date,
    coalesce(due_date, invoice_date) as due_date,
    final_pay_date,
    case
        when currency_rate / coalesce(nullif(currency_unit, 0), 1) between 0 and 10000
            then currency_rate / coalesce(nullif(currency_unit, 0), 1)
        else 1
    end as rate,
    case
        when is_credit then -abs(total_amount_currency) else total_amount_currency
    end as total_amount_currency,
    case
        when is_credit then -abs(balance_amount_currency) else balance_amount_currency
    end as balance_amount_currency
from staging.fortnox_supplierinvoices
where
    is_booked
    and is_cancelled is not true
    and invoice_date is not null
    and total_amount_currency is not null;
