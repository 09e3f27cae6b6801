-- why: a record up to a page's size lies in its row as it is, neither compressed nor apart
create temporary table incoming_detail (
    place int generated always as identity,
    document_key text not null,
    due_at timestamptz,
    body jsonb not null
) with (toast_tuple_target = 8160) on commit drop
