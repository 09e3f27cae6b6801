create temporary table incoming_page (
    page_number bigint generated always as identity,
    body jsonb not null
) on commit drop
