-- purpose: the financial years that Fortnox lists, oldest first
select
    (document.list_record ->> 'Id')::int as financial_year_id,
    (document.list_record ->> 'FromDate')::date as start_date,
    (document.list_record ->> 'ToDate')::date as end_date
from landing.document
where
    document.organization_id = control.current_organization_id()
    and document.resource = 'financialyears'
    and document.deleted_at is null
    and pg_input_is_valid(document.list_record ->> 'Id', 'integer')
    and pg_input_is_valid(document.list_record ->> 'FromDate', 'date')
    and pg_input_is_valid(document.list_record ->> 'ToDate', 'date')
order by start_date
