"""The command `saldo`: set a warehouse up, migrate it, connect a company, see how all stand."""

from __future__ import annotations

import argparse
import json
import logging
import sys
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import psycopg

from saldo import organizations
from saldo.database import Role, connect, run

_COLUMNS = (
    ("organization_name", "company"),
    ("dag_id", "DAG"),
    ("vouchers", "vouchers"),
    ("ledger_rows", "ledger rows"),
    ("net_sales", "net sales"),
    ("net_result", "result"),
    ("balance_total", "balance total"),
    ("checks", "checks"),
    ("refreshed_at", "refreshed"),
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; an error is one clear sentence on stderr and exit status 1."""
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr)
    parser = argparse.ArgumentParser(prog="saldo", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="command")
    set_up = commands.add_parser("setup", help="roles and the warehouse's database; needs SALDO_ADMIN_URL")
    set_up.set_defaults(command=_set_up)
    migrate = commands.add_parser("migrate", help="bring the warehouse to this version of Saldo")
    migrate.set_defaults(command=_migrate)
    connecting = commands.add_parser("connect", help="connect a company that has approved your Fortnox app")
    connecting.add_argument("--tenant-id", required=True, help="Fortnox's DatabaseNumber of the company")
    connecting.add_argument("--workspace-id", help="the Power BI workspace of its dataset")
    connecting.add_argument("--dataset-id", help="the Power BI dataset to refresh")
    connecting.set_defaults(command=_connect)
    status = commands.add_parser("status", help="a line a company")
    status.add_argument("--json", action="store_true")
    status.set_defaults(command=_status)
    options = parser.parse_args(arguments)
    try:
        options.command(options)
    except Exception as error:
        print(f"saldo: {_sentence(error)}", file=sys.stderr)
        return 1
    return 0


def _sentence(error: Exception) -> str:
    """What went wrong and what to do, on one line."""
    error = getattr(error, "orig", None) or error  # SQLAlchemy's errors carry the database's own
    reason = (str(error).strip() or type(error).__name__).splitlines()[0]
    if isinstance(error, psycopg.OperationalError):
        return (
            f"PostgreSQL cannot be reached: {reason}. Check that it runs and that the connections are right"
        )
    if isinstance(error, psycopg.errors.UndefinedTable | psycopg.errors.InvalidSchemaName):
        return f"The warehouse is empty or of another version ({reason}): run `saldo migrate`"
    return reason


def _set_up(_options: argparse.Namespace) -> None:
    from saldo.warehouse.migrations import set_up

    set_up()
    print("The roles and the database are there")


def _migrate(_options: argparse.Namespace) -> None:
    from saldo.warehouse.migrations import migrate, newest

    made = migrate()
    print(f"The warehouse is at {newest()}; {len(made)} views and tables were made anew")


def _connect(options: argparse.Namespace) -> None:
    from saldo.fortnox.hook import FortnoxHook

    organizations.dag_id_of(options.tenant_id)
    with connect(Role.PAGE, autocommit=True) as connection:
        hook = FortnoxHook(options.tenant_id, connection)
        information = hook.company_information()
    organization = organizations.register(
        tenant_id=options.tenant_id,
        name=str(information.get("CompanyName") or options.tenant_id),
        organization_number=str(information.get("OrganizationNumber") or ""),
        workspace_id=options.workspace_id,
        dataset_id=options.dataset_id,
    )
    print(organization.dag_id)


def status_rows() -> list[dict[str, Any]]:
    """A row an organization: its marts, its checks, and when its dataset was refreshed (Swedish time)."""
    with connect(Role.PAGE) as connection:
        cursor = run(connection, "control/status")
        assert cursor.description is not None
        names = [column.name for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _status(options: argparse.Namespace) -> None:
    rows = status_rows()
    if options.json:
        print(json.dumps(rows, default=str, ensure_ascii=False, indent=2))
        return
    if not rows:
        print("No company is connected yet: `saldo connect --tenant-id ...`")
        return
    cells = [[heading for _, heading in _COLUMNS]]
    cells += [[_shown(row[name]) for name, _ in _COLUMNS] for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for line in cells:
        print(
            "  ".join(
                text.ljust(width) if position < 2 else text.rjust(width)
                for position, (text, width) in enumerate(zip(line, widths, strict=True))
            ).rstrip()
        )


def _shown(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, Decimal):
        return f"{value:,.2f}".replace(",", " ")
    if isinstance(value, int):
        return f"{value:,}".replace(",", " ")
    return str(value)


if __name__ == "__main__":
    sys.exit(main())
