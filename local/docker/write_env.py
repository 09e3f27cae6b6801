"""Writes `.env` for docker-compose.yaml, with new passwords and keys, unless there is one: `make env`."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# Run as a file, by any Python there is: nothing needs to be installed for the way with Docker.
sys.path.insert(0, str(ROOT))

from local.connections import fortnox_connection, powerbi_connection  # noqa: E402
from local.state import Secrets  # noqa: E402


def main() -> int:
    """Writes the file, readable by its owner alone; 1 when there is one, which is left as it is."""
    path = ROOT / ".env"
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        print(f"{path} is there already and stays as it is.", file=sys.stderr)
        return 1
    with os.fdopen(descriptor, "w") as file:
        file.write(content(Secrets()))
    print(f"{path} is written: new passwords and keys, and the sandbox as Fortnox and Power BI.")
    return 0


def content(secrets: Secrets) -> str:
    """What docker-compose.yaml takes from `.env`. Every secret is of letters, digits, `-`, `_` and `=`."""
    fortnox = fortnox_connection("http://sandbox:8090")
    powerbi = powerbi_connection(
        "http://sandbox:8090",
        "https://sandbox:8091",
        "/opt/saldo/certificates/powerbi-ca.pem",
        "postgres:5432",
        "saldo",
    )
    variables = {
        "POSTGRES_PASSWORD": secrets.postgres,
        "AIRFLOW_DATABASE_PASSWORD": secrets.airflow_database,
        "AIRFLOW_ADMIN_PASSWORD": secrets.airflow_admin,
        "AIRFLOW_FERNET_KEY": secrets.airflow_fernet_key,
        "AIRFLOW_JWT_SECRET": secrets.airflow_jwt,
        "AIRFLOW_API_SECRET_KEY": secrets.airflow_api,
        "SALDO_ENCRYPTION_KEYS": secrets.saldo_encryption_keys,
        "SALDO_APP_PASSWORD": secrets.saldo_app,
        "SALDO_MIGRATOR_PASSWORD": secrets.saldo_migrator,
        "SALDO_REPORT_PASSWORD": secrets.saldo_report,
        # In single quotes nothing in them is expanded.
        "FORTNOX_CONNECTION": f"'{json.dumps(fortnox)}'",
        "POWERBI_CONNECTION": f"'{json.dumps(powerbi)}'",
    }
    return "".join(f"{name}={value}\n" for name, value in variables.items())


if __name__ == "__main__":
    sys.exit(main())
