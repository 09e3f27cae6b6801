insert into landing.ledger_object (
    organization_id, financial_year_id, dimension_number, object_number, object_name
)
values (
    control.current_organization_id(), %(financial_year_id)s, %(dimension)s, %(number)s, %(name)s
)
on conflict (organization_id, financial_year_id, dimension_number, object_number)
do update set object_name = excluded.object_name
