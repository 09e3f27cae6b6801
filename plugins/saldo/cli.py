"""The command `saldo`: set a warehouse up, migrate it, connect a company, see how all stand."""

from __future__ import annotations

import argparse
import itertools
import json
import logging
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict
from decimal import Decimal
from getpass import getpass
from pathlib import Path
from typing import Any

import psycopg

from saldo.database import Role, connect, run
from saldo.table import lay_out

LEGACY_TOKEN_VARIABLE = "SALDO_LEGACY_TOKEN"  # noqa: S105 (the name of a variable)
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
    connecting.add_argument(
        "--tenant-id",
        help="Fortnox's DatabaseNumber of the company: enough where it approved with a service account",
    )
    way = connecting.add_mutually_exclusive_group()
    way.add_argument(
        "--code",
        metavar="CODE_OR_ADDRESS",
        help="the approval's code, or the whole address that the browser ended on; - reads it from stdin",
    )
    way.add_argument(
        "--legacy-token",
        action="store_true",
        help="migrate an access token of the kind that never ended, read from the environment variable "
        f"{LEGACY_TOKEN_VARIABLE} or from stdin",
    )
    connecting.add_argument("--redirect-uri", help="the one of the approval, where --code is no address")
    connecting.add_argument("--workspace-id", help="the Power BI workspace of its dataset")
    connecting.add_argument("--dataset-id", help="the Power BI dataset to refresh")
    connecting.set_defaults(command=_connect)
    disconnecting = commands.add_parser(
        "disconnect", help="stop a company's runs and forget its access; its data stay"
    )
    disconnecting.add_argument("organization", help="its DAG id, or Fortnox's DatabaseNumber")
    disconnecting.set_defaults(command=_disconnect)
    credentials = commands.add_parser("credentials", help="how each company's access to Fortnox stands")
    credentials.add_argument("--json", action="store_true")
    credentials.add_argument(
        "--rotate", action="store_true", help="encrypt every stored secret anew with the newest key first"
    )
    credentials.set_defaults(command=_credentials)
    resources = commands.add_parser("resources", help="what Saldo takes from Fortnox, a line a resource")
    resources.add_argument("--json", action="store_true")
    resources.set_defaults(command=_resources)
    describe = commands.add_parser("describe", help="the marts and their columns in words, as Markdown")
    describe.set_defaults(command=_describe)
    status = commands.add_parser("status", help="a line a company")
    status.add_argument("--json", action="store_true")
    status.set_defaults(command=_status)
    explaining = commands.add_parser("explain", help="what a number of a statement is made of")
    explaining.add_argument("organization", help="its DAG id, or Fortnox's DatabaseNumber")
    explaining.add_argument("cell", help="<statement>/<line>/<YYYY-MM>: balance_sheet/cash_bank/2025-03")
    explaining.set_defaults(command=_explain)
    reporting = commands.add_parser("report", help="a company's report of a month as one HTML file")
    reporting.add_argument("organization", help="its DAG id, or Fortnox's DatabaseNumber")
    reporting.add_argument("--lang", choices=("sv", "en"), default="sv")
    reporting.add_argument("--month", metavar="YYYY-MM", help="else the newest with something booked")
    reporting.add_argument("--out", type=Path, metavar="FILE", help="else <DAG id>.html in this folder")
    reporting.set_defaults(command=_report)
    arranging = commands.add_parser("arrange", help="put accounts of a company on other lines")
    arranging.add_argument("organization", help="its DAG id, or Fortnox's DatabaseNumber")
    arranging.add_argument("file", type=Path, help="CSV with account_from,account_to,line_code")
    arranging.set_defaults(command=_arrange)
    policy = commands.add_parser("policy", help="how a company's years open, and which group it is of")
    policy.add_argument("organization", help="its DAG id, or Fortnox's DatabaseNumber")
    policy.add_argument("--openings", choices=("reported", "rolled"))
    policy.add_argument("--group", metavar="CODE", help="a group of companies; empty leaves it")
    policy.add_argument("--group-name", metavar="NAME")
    policy.set_defaults(command=_policy)
    filing = commands.add_parser(
        "sie", help="years of a company from before it was on Fortnox, from SIE 4 files"
    )
    filing.add_argument("action", choices=("look", "take"), help="look says what take would do")
    filing.add_argument("organization", help="its DAG id, or Fortnox's DatabaseNumber")
    filing.add_argument("files", type=Path, nargs="+", metavar="FILE")
    filing.add_argument(
        "--other-number",
        action="store_true",
        help="the files are the company's although they state another organization number, or none",
    )
    filing.set_defaults(command=_sie)
    doctor = commands.add_parser(
        "doctor", help="try the whole set-up out: Fortnox, Power BI, the way between"
    )
    doctor.add_argument(
        "organizations", nargs="*", metavar="organization", help="DAG ids or DatabaseNumbers; none: all"
    )
    doctor.set_defaults(command=_doctor)
    options = parser.parse_args(arguments)
    if options.command is _connect and not (options.tenant_id or options.code or options.legacy_token):
        connecting.error("one of --tenant-id, --code and --legacy-token is needed")
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
    from saldo.fortnox import connecting

    power_bi = connecting.PowerBI(options.workspace_id, options.dataset_id)
    if options.code:
        code = sys.stdin.readline() if options.code == "-" else options.code
        connected = connecting.connect_with_code(
            code, options.redirect_uri, tenant_id=options.tenant_id, power_bi=power_bi
        )
    elif options.legacy_token:
        connected = connecting.connect_with_legacy_token(
            _legacy_token(), tenant_id=options.tenant_id, power_bi=power_bi
        )
    else:
        connected = connecting.connect_with_tenant_id(options.tenant_id, power_bi)
    print(connected.organization.dag_id)
    if connected.note:
        print(f"saldo: {connected.note}", file=sys.stderr)


def _disconnect(options: argparse.Namespace) -> None:
    from saldo import organizations
    from saldo.fortnox import connecting

    tenant_id = organizations.tenant_of(options.organization)
    is_ended = connecting.disconnect(tenant_id)
    print("Disconnected: its access is forgotten, its data stay")
    if not is_ended and organizations.is_on_fortnox(tenant_id):
        print(
            "The approval stands at Fortnox until the company removes it there: Settings, Integrations",
            file=sys.stderr,
        )


def _legacy_token() -> str:
    """The token from where nobody else on the machine sees it: arguments stand in the process list."""
    token = os.environ.get(LEGACY_TOKEN_VARIABLE, "")
    if not token:
        token = getpass("The old access token: ") if sys.stdin.isatty() else sys.stdin.readline()
    if not token.strip():
        raise ValueError(f"Give the old access token in {LEGACY_TOKEN_VARIABLE} or on stdin: there is none")
    return token


def _credentials(options: argparse.Namespace) -> None:
    from saldo.fortnox import upkeep

    if options.rotate:
        count = upkeep.reencrypt()
        print(
            f"{count} secrets were encrypted anew. All that is stored is under the newest key: once every "
            "Airflow process has it, the older ones can go"
        )
        return
    accesses = [access for access in upkeep.overview() if access.is_connected]
    if options.json:
        rows = [{**asdict(access), "state": access.state} for access in accesses]
        print(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    if not accesses:
        print("No company is connected yet: `saldo connect --tenant-id ...`")
        return
    cells = [["company", "DAG", "kind", "days left", "renewed", "state"]]
    cells += [
        [
            access.name, access.dag_id, access.kind, _shown(access.days_left), _shown(access.renewed_at),
            access.state,
        ]
        for access in accesses
    ]  # fmt: skip
    print("\n".join(lay_out(cells, right=(3,))))


def resource_rows() -> list[dict[str, str]]:
    """A row a resource of the catalogue, in its order; empty is what does not apply to it."""
    from saldo.fortnox.resources import CATALOGUE, Declared, Shape

    shapes = {Shape.OBJECT: "object", Shape.FILE: "file", Shape.LIST: "list"}
    return [
        {
            "resource": resource.name,
            "path": resource.url_path,
            "list_key": resource.list_key,
            "key": "+".join(resource.key_fields),
            "scope": resource.scope,
            "order": resource.order or "",
            "lastmodified": "" if resource.lastmodified is Declared.NO else resource.lastmodified.value,
            "dates": resource.date_field or "",
            "read": shapes[resource.shape]
            + (" a year" if resource.is_per_year else "")
            + (" + detail" if resource.detail_key else ""),
            "when": "off" if resource.is_off else "each run" if resource.is_hot else "daily",
            "personal": "yes" if resource.holds_personal_data else "",
        }
        for resource in CATALOGUE.values()
    ]


def _resources(options: argparse.Namespace) -> None:
    rows = resource_rows()
    if options.json:
        print(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    cells = [[name.replace("_", " ") for name in rows[0]], *([*row.values()] for row in rows)]
    print("\n".join(lay_out(cells)))


def _organization_id(name: str) -> int:
    """The organization of a DAG id or a tenant id."""
    from saldo import organizations

    organization_id = organizations.find(organizations.tenant_of(name))
    if organization_id is None:
        raise LookupError(f"No company is connected as {name}: `saldo status` lists them")
    return organization_id


def _doctor(options: argparse.Namespace) -> None:
    from saldo.pipeline import doctor

    found = []
    for organization in doctor.organizations_to_examine(options.organizations):
        print(organization.name)
        steps = [*(doctor.examine_fortnox(organization.tenant_id) if organization.is_on_fortnox else ())]
        for finding in itertools.chain(steps, doctor.examine_power_bi(organization.organization_id)):
            found.append(finding)
            print(f"  {finding.verdict:<8} {finding.step}: {finding.sentence}", flush=True)
    bad = sum(finding.verdict is doctor.Verdict.BAD for finding in found)
    if bad:
        raise RuntimeError(f"{bad} steps failed: each says what to change")


def _explain(options: argparse.Namespace) -> None:
    from saldo.pipeline.explain import as_text, explain

    print(as_text(explain(_organization_id(options.organization), options.cell)))


def _report(options: argparse.Namespace) -> None:
    from saldo import organizations
    from saldo.report import document, figures

    organization_id = _organization_id(options.organization)
    read = figures.read(organization_id, options.lang, figures.month_of(options.month))
    if read.figures is None:
        raise LookupError("The company has no ledger of a month that has begun: its next run may bring one")
    tenant_id = organizations.tenant_of(options.organization)
    file = options.out or Path(f"{organizations.dag_id_of(tenant_id)}.html")
    file.write_text(document.render(read, options.lang), encoding="utf-8")
    print(file)


def _arrange(options: argparse.Namespace) -> None:
    from saldo.warehouse.arrangement import arrange

    count = arrange(_organization_id(options.organization), options.file)
    print(f"{count} ranges of accounts are arranged; the company's next run builds its statements so")


def _policy(options: argparse.Namespace) -> None:
    from saldo.warehouse.arrangement import set_policy

    set_policy(
        _organization_id(options.organization),
        opening_policy=options.openings,
        group_code=options.group,
        group_name=options.group_name,
    )
    print("Noted; the company's next run builds its statements so")


def _sie(options: argparse.Namespace) -> None:
    from saldo.pipeline import sie_files

    size = sum(path.stat().st_size for path in options.files)
    if size > sie_files.LARGEST_SUM:
        raise ValueError(
            f"The files are together larger than {sie_files.LARGEST_SUM // 1_000_000} MB: take fewer at once"
        )
    act = sie_files.take if options.action == "take" else sie_files.look
    files = [sie_files.File(path.name, path.read_bytes()) for path in options.files]
    summaries = act(_organization_id(options.organization), files, is_other_number=options.other_number)
    cells = [
        [
            "file", "company", "program", "from", "to", "vouchers", "rows", "debit", "credit", "opening",
            "unbalanced", "struck", "faults", "contradictions", "encoding", "what becomes of it",
        ]
    ]  # fmt: skip
    cells += [
        [
            each.name, each.company, each.program, _shown(each.start_date), _shown(each.end_date),
            _shown(each.vouchers), _shown(each.rows), _shown(each.debit), _shown(each.credit),
            _shown(each.opening_sum), _shown(each.unbalanced), _shown(each.struck_rows),
            _shown(each.faults), _shown(each.contradictions), each.encoding, each.reason or "taken",
        ]
        for each in summaries
    ]  # fmt: skip
    print("\n".join(lay_out(cells, right=range(5, 14))))
    if options.action == "take":
        print("Landed; the company's next run builds its statements with these years")


def _describe(_options: argparse.Namespace) -> None:
    from saldo.warehouse import handbook

    with connect(Role.PAGE) as connection:
        print(handbook.text(connection), end="")


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
    print("\n".join(lay_out(cells, right=range(2, len(_COLUMNS)))))


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
