insert into landing.sie_file (
    organization_id, financial_year_id, content_digest, fetched_at, is_newest, byte_count, data
)
values (
    control.current_organization_id(), %(financial_year_id)s, %(content_digest)s, %(fetched_at)s,
    true, %(byte_count)s, %(data)s
)
on conflict (organization_id, financial_year_id, content_digest, fetched_at) do update set
    is_newest = true
