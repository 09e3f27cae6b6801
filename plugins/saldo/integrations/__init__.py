"""Saldo's pages inside the Airflow UI."""
