insert into control.relation (relation_schema, relation_name, digest)
values (%(relation_schema)s, %(relation_name)s, %(digest)s)
on conflict (relation_schema, relation_name) do update set digest = excluded.digest
