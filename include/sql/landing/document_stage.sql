create temporary table incoming_page (body jsonb not null) on commit drop
