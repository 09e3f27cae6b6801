-- grain:  organization x financial year as Fortnox lists it
-- key:    organization_id, financial_year_id
-- inputs: landing.document
-- why:    the name of the chart was accountCharts in lists and is AccountChartType today; ids are
--         not in order of time
create view staging.fortnox_financialyears with (security_invoker = true) as
with

typed as (

    select
        organization_id,
        document_key,
        list_record,
        staging.as_integer(list_record ->> 'Id') as financial_year_id,
        staging.as_date(list_record ->> 'FromDate') as start_date,
        staging.as_date(list_record ->> 'ToDate') as end_date
    from landing.document
    where
        resource = 'financialyears'
        and deleted_at is null
        and jsonb_typeof(list_record) = 'object'

)

select
    organization_id,
    document_key,
    financial_year_id,
    start_date,
    end_date,
    list_record ->> 'AccountingMethod' as accounting_method,
    coalesce(
        list_record ->> 'AccountChartType', list_record ->> 'accountCharts'
    ) as account_chart,
    staging.uncastable_fields(
        array[
            'Id', staging.uncastable(list_record ->> 'Id', financial_year_id is null),
            'FromDate', staging.uncastable(list_record ->> 'FromDate', start_date is null),
            'ToDate', staging.uncastable(list_record ->> 'ToDate', end_date is null)
        ]
    ) as uncastable
from typed;
