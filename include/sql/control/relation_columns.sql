select attname::text
from pg_attribute
where
    attrelid = %(relation)s::regclass
    and attnum > 0
    and not attisdropped
order by attnum
