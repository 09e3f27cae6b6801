"""Writes to PostgreSQL: landing, the ledger, building and checking the marts."""
