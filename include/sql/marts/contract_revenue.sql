-- grain:  organization x active contract x calendar month from its beginning until its end, at most
--         24 months from today's
-- key:    organization_id, contract_number, month_order
-- inputs: staging.fortnox_contracts, staging.fortnox_currencies, dim_customer, dim_seller, as_of,
--         mart.dim_date
-- why:    recurring revenue: a contract's net amount of an invoice, without VAT, spread evenly
--         over the months that it invoices for. In SEK at Fortnox's present rate of the currency,
--         since a contract has none; the net amount stands in its single record
create table mart.contract_revenue (
    organization_id bigint not null,
    contract_number text not null,
    month_order int not null,
    customer_key bigint not null,
    seller_key bigint not null,
    date_key int not null,
    currency text not null,
    is_continuous boolean not null,
    net_amount numeric(18, 2) not null,
    net_amount_currency numeric(18, 2) not null,
    primary key (organization_id, contract_number, month_order)
);

insert into mart.contract_revenue (
    organization_id, contract_number, month_order, customer_key, seller_key, date_key, currency,
    is_continuous, net_amount, net_amount_currency
)
with

contract as (

    select
        contract.organization_id,
        contract.contract_number,
        contract.customer_number,
        contract.our_reference as seller_name,
        coalesce(contract.currency, 'SEK') as currency,
        coalesce(contract.is_continuous, false) as is_continuous,
        coalesce(contract.contract_date, contract.period_start_date) as first_date,
        least(
            case
                when contract.is_continuous then 'infinity'
                when contract.contract_length > 0
                    then
                        coalesce(contract.contract_date, contract.period_start_date)
                        + contract.contract_length * interval '1 month' - interval '1 day'
                else contract.period_end_date::timestamp
            end,
            today.as_of_date + interval '24 months'
        ) as last_date,
        contract.net_amount_currency / contract.invoice_interval as month_amount_currency,
        case
            when coalesce(contract.currency, 'SEK') = 'SEK' then 1
            when currency.buy_rate / coalesce(nullif(currency.rate_unit, 0), 1) <= 10000
                then currency.buy_rate / coalesce(nullif(currency.rate_unit, 0), 1)
        end as rate
    from staging.fortnox_contracts as contract
    inner join mart.as_of as today on contract.organization_id = today.organization_id
    left join staging.fortnox_currencies as currency
        on
            contract.organization_id = currency.organization_id
            and contract.currency = currency.currency
    where
        contract.is_active
        and contract.invoice_interval > 0
        and contract.net_amount_currency is not null

),

final as (

    select
        -- keys
        contract.organization_id,
        contract.contract_number,
        calendar.month_order,
        coalesce(
            customer.customer_key, control.member_key(contract.organization_id, 0)
        ) as customer_key,
        coalesce(seller.seller_key, control.member_key(contract.organization_id, 0)) as seller_key,
        calendar.date_key,

        -- dimensions
        contract.currency,
        contract.is_continuous,

        -- measures
        contract.month_amount_currency * contract.rate as net_amount,
        contract.month_amount_currency as net_amount_currency
    from contract
    inner join mart.dim_date as calendar
        on
            contract.first_date <= calendar.calendar_date
            and contract.last_date >= date_trunc('month', calendar.calendar_date::timestamp)
            and calendar.is_month_end
    left join mart.dim_customer as customer
        on
            contract.organization_id = customer.organization_id
            and contract.customer_number = customer.customer_number
    left join mart.dim_seller as seller
        on
            contract.organization_id = seller.organization_id
            and contract.seller_name = seller.seller_name
    where contract.rate is not null

)

select * from final;
