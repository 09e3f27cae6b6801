-- why: a company of files has a DAG too; an organization number may be a person's and is in no id
alter table control.organization
drop constraint organization_dag_id_check,
add constraint organization_dag_id_check check (dag_id ~ '^(fortnox__[0-9]+|sie__f[0-9a-f]{12})$');
