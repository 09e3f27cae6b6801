#!/bin/sh
# Run by the PostgreSQL image when it makes its data: Airflow's own role and database. The warehouse's are
# made by `saldo setup`.
set -eu
psql --set=ON_ERROR_STOP=1 --set=password="$AIRFLOW_DATABASE_PASSWORD" --username=postgres <<'SQL'
create role airflow login password :'password';
create database airflow owner airflow;
revoke connect on database airflow from public;
SQL
