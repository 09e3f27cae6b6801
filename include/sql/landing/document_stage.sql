create temporary table incoming_page (
    page_number int generated always as identity,
    body jsonb not null
) on commit drop
