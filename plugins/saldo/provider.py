"""What Saldo tells Airflow about itself: connection types, settings and operator links."""

from __future__ import annotations

from typing import Any


def get_provider_info() -> dict[str, Any]:
    """The provider entry point (`apache_airflow_provider`), read by every Airflow component."""
    return {
        "package-name": "saldo",
        "name": "Saldo",
        "description": "Fortnox to PostgreSQL and Power BI.",
        "versions": ["0.1.0"],
        "connection-types": [
            {
                "connection-type": "fortnox",
                "hook-class-name": "saldo.fortnox.hook.FortnoxHook",
                "hook-name": "Fortnox",
                "ui-field-behaviour": {
                    "hidden-fields": ["port", "schema", "extra"],
                    "relabeling": {"login": "Client-Id", "password": "Client secret", "host": "API address"},
                    "placeholders": {"host": "https://api.fortnox.se"},
                },
                "conn-fields": {
                    "oauth_url": {
                        "label": "OAuth address",
                        "description": "https://apps.fortnox.se/oauth-v1 unless you run against the sandbox",
                        "schema": {"type": ["string", "null"]},
                    },
                },
            },
            {
                "connection-type": "powerbi_saldo",
                "hook-class-name": "saldo.powerbi.hook.PowerBIHook",
                "hook-name": "Power BI (Saldo)",
                "ui-field-behaviour": {
                    "hidden-fields": ["host", "port", "schema", "extra"],
                    "relabeling": {"login": "Application (client) id", "password": "Client secret"},
                },
                "conn-fields": {
                    "tenant_id": {"label": "Entra tenant id", "schema": {"type": ["string", "null"]}},
                    "base_url": {
                        "label": "API address",
                        "description": "https://api.powerbi.com unless you run against the sandbox",
                        "schema": {"type": ["string", "null"]},
                    },
                    "authority": {
                        "label": "Login address",
                        "description": "https://login.microsoftonline.com unless you run against the sandbox",
                        "schema": {"type": ["string", "null"]},
                    },
                    "verify": {
                        "label": "CA file of the login address",
                        "schema": {"type": ["string", "null"]},
                    },
                    "fabric_url": {
                        "label": "Fabric API address",
                        "description": "https://api.fabric.microsoft.com unless you run against the sandbox",
                        "schema": {"type": ["string", "null"]},
                    },
                    "auth": {
                        "label": "How to sign in",
                        "description": "client_secret unless certificate, workload_identity or "
                        "managed_identity",
                        "schema": {"type": ["string", "null"]},
                    },
                    "certificate": {
                        "label": "Certificate file",
                        "description": "For certificate; its passphrase is the client secret",
                        "schema": {"type": ["string", "null"]},
                    },
                    "token_file": {
                        "label": "Token file",
                        "description": "For workload_identity, where the environment does not name it",
                        "schema": {"type": ["string", "null"]},
                    },
                    "warehouse_server": {
                        "label": "Warehouse's address",
                        "description": "As Power BI reaches it, with its port; without, nothing is published",
                        "schema": {"type": ["string", "null"]},
                    },
                    "warehouse_database": {
                        "label": "Warehouse's database",
                        "description": "saldo unless said",
                        "schema": {"type": ["string", "null"]},
                    },
                    "warehouse_connection_id": {
                        "label": "Power BI connection",
                        "description": "The id of one made by hand, for all companies; else each has its own",
                        "schema": {"type": ["string", "null"]},
                    },
                    "gateway_id": {
                        "label": "Gateway",
                        "description": "Its id, where Power BI reaches the warehouse through one",
                        "schema": {"type": ["string", "null"]},
                    },
                    "connectivity": {
                        "label": "Kind of gateway",
                        "description": "OnPremisesGateway or VirtualNetworkGateway",
                        "schema": {"type": ["string", "null"]},
                    },
                    "capacity_id": {
                        "label": "Capacity",
                        "description": "The id of the one for workspaces that Saldo makes",
                        "schema": {"type": ["string", "null"]},
                    },
                },
            },
        ],
        "extra-links": ["saldo.pipeline.links.SyncStatusLink", "saldo.pipeline.links.ReportLink"],
        "config": {
            "saldo": {
                "description": "Saldo: Fortnox to PostgreSQL and Power BI",
                "options": {
                    "encryption_keys": {
                        "description": "Fernet keys for stored secrets, separated by commas, newest first",
                        "version_added": "0.1.0",
                        "type": "string",
                        "sensitive": True,
                        "example": None,
                        "default": None,
                    },
                    "alert_notifiers": {
                        "description": "Airflow notifiers that tell what is wrong with a company, as a JSON "
                        "list; what the log of saldo__watch says is said without any",
                        "version_added": "0.1.0",
                        "type": "string",
                        "sensitive": False,
                        "example": '[{"class": "...SmtpNotifier", "arguments": {"to": "..."}}]',
                        "default": "",
                    },
                    "operator_name": {
                        "description": "Who asks, as a company's administrator reads it on the page of a "
                        "sent link; without it the name of the machine in [api] base_url",
                        "version_added": "0.1.0",
                        "type": "string",
                        "sensitive": False,
                        "example": "Byrån AB",
                        "default": "",
                    },
                    "legacy_api_code": {
                        "description": "Exchange API-kods, the way in that Fortnox closed on 2025-04-30",
                        "version_added": "0.1.0",
                        "type": "boolean",
                        "sensitive": False,
                        "example": None,
                        "default": "False",
                    },
                    "state_dir": {
                        "description": "Where the last good list of organizations is kept",
                        "version_added": "0.1.0",
                        "type": "string",
                        "sensitive": False,
                        "example": "/var/lib/saldo",
                        "default": None,
                    },
                    "include_dir": {
                        "description": "The folder include/ of Saldo, when it does not lie beside plugins/",
                        "version_added": "0.1.0",
                        "type": "string",
                        "sensitive": False,
                        "example": "/opt/saldo/include",
                        "default": None,
                    },
                    "custom_sql_dir": {
                        "description": "The folder with your own marts and checks, when it is not sql/custom",
                        "version_added": "0.1.0",
                        "type": "string",
                        "sensitive": False,
                        "example": "/opt/airflow/saldo_sql",
                        "default": None,
                    },
                },
            }
        },
    }
