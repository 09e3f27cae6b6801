select
    relation_schema,
    relation_name,
    digest
from control.relation
