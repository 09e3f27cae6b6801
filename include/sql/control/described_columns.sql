-- purpose: every column of the marts and of one's own, in words: what docs/marts.md is made of
select
    pg_namespace.nspname::text as schema_name,
    pg_class.relname::text as relation_name,
    coalesce(obj_description(pg_class.oid, 'pg_class'), '') as relation_description,
    pg_attribute.attname::text as column_name,
    format_type(pg_attribute.atttypid, pg_attribute.atttypmod) as data_type,
    coalesce(col_description(pg_class.oid, pg_attribute.attnum), '') as column_description,
    coalesce(
        pg_attribute.attnum = pg_index.indkey[pg_index.indnkeyatts - 1], false
    ) as is_last_of_key
from pg_class
inner join pg_namespace on pg_class.relnamespace = pg_namespace.oid
inner join pg_attribute
    on
        pg_class.oid = pg_attribute.attrelid
        and pg_attribute.attnum > 0
        and not pg_attribute.attisdropped
left join pg_index
    on
        pg_class.oid = pg_index.indrelid
        and pg_index.indisprimary
where
    pg_namespace.nspname in ('mart', 'custom')
    and pg_class.relkind in ('r', 'v')
order by
    pg_namespace.nspname = 'custom', pg_class.relname, pg_attribute.attnum
