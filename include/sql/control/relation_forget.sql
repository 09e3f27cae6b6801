delete from control.relation
where
    relation_schema = %(relation_schema)s
    and relation_name = %(relation_name)s
