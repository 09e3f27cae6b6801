select 1 as found
from pg_database
where datname = %(database)s
