-- why: the cash accounts at the month's beginning and end, which the cash flow has to come to
select
    dim_account.account_number as account,
    dim_account.account_name as label,
    array[balance.opening_balance, balance.net_amount, balance.closing_balance] as amounts
from mart.fct_account_balance_period as balance
inner join mart.dim_account as dim_account
    on
        balance.organization_id = dim_account.organization_id
        and balance.account_key = dim_account.account_key
        and dim_account.bas_number between 1900 and 1999
where balance.fiscal_period_key = %(period)s
order by dim_account.account_number
