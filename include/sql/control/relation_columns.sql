-- purpose: every column of the derived relations and of one's own, in the order of their definition
select
    pg_namespace.nspname || '.' || pg_class.relname as relation,
    pg_attribute.attname::text as column_name
from pg_class
inner join pg_namespace on pg_class.relnamespace = pg_namespace.oid
inner join pg_attribute
    on
        pg_class.oid = pg_attribute.attrelid
        and pg_attribute.attnum > 0
        and not pg_attribute.attisdropped
where
    pg_namespace.nspname in ('staging', 'mart', 'custom')
    and pg_class.relkind in ('r', 'v')
order by pg_namespace.nspname, pg_class.relname, pg_attribute.attnum
