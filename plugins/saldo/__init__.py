"""Saldo: Swedish companies' books from Fortnox into PostgreSQL and Power BI, as Airflow DAGs."""
