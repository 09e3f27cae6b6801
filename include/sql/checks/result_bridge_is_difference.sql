-- severity: stop
-- inputs:   mart.result_bridge, mart.income_statement, mart.dim_statement_line
-- why:      the bridge from last year's operating result to this year's leaves nothing over
with

bridged as (

    select
        organization_id,
        fiscal_period_key,
        sum(difference_amount) as difference_amount
    from mart.result_bridge
    group by organization_id, fiscal_period_key

)

select
    income.organization_id,
    'bridge is not the difference of the operating results' as reason,
    jsonb_build_object(
        'fiscal_period_key', income.fiscal_period_key,
        'result', income.amount,
        'last_year', income.last_year_amount,
        'bridge', bridged.difference_amount
    ) as detail
from mart.income_statement as income
inner join mart.dim_statement_line as statement_line
    on
        income.statement_line_key = statement_line.statement_line_key
        and statement_line.line_code = 'operating_result'
left join bridged
    on
        income.organization_id = bridged.organization_id
        and income.fiscal_period_key = bridged.fiscal_period_key
where
    coalesce(income.amount - income.last_year_amount, 0) <> coalesce(bridged.difference_amount, 0);
