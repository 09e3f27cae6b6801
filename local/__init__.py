"""Saldo on one machine without Docker: what `make up`, `down`, `status`, `psql` and `clean` do."""


class LocalError(Exception):
    """One sentence for whoever ran the command: what is wrong, and what to do about it."""
