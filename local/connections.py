"""Airflow's connections to the sandbox: what it knows its clients by (include/sandbox).

No secrets, for it listens on this machine alone.
"""

from __future__ import annotations

from typing import Any


def fortnox_connection(url: str) -> dict[str, Any]:
    """The connection fortnox_default; `url` is the sandbox's http address."""
    return {
        "conn_type": "fortnox",
        "login": "sandbox-client",
        "password": "sandbox-secret",
        "host": url,
        "extra": {"oauth_url": f"{url}/oauth-v1"},
    }


def powerbi_connection(
    url: str, token_url: str, certificate: str, warehouse_server: str, warehouse_database: str
) -> dict[str, Any]:
    """The connection powerbi_default; `certificate` is the file of the CA that the token endpoint made, and
    the warehouse is where the sandbox finds it."""
    return {
        "conn_type": "powerbi_saldo",
        "login": "sandbox-powerbi",
        "password": "sandbox-powerbi-secret",
        "extra": {
            "tenant_id": "sandbox-tenant",
            "base_url": url,
            "fabric_url": url,
            "authority": token_url,
            "verify": certificate,
            "warehouse_server": warehouse_server,
            "warehouse_database": warehouse_database,
        },
    }
