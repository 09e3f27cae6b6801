"""The registry of connected organizations: what DAGs are made from."""

from __future__ import annotations

import json
import logging
import os
import re
import secrets
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path

from saldo import settings
from saldo.database import Role, connect, run

SHARED_READER = "saldo_report"
_PATIENCE_SECONDS = 2
_OF_FILES = re.compile(r"f[0-9a-f]{12}")
_ADDRESS = re.compile(r"[^@\s]{1,64}@[^@\s.]+(\.[^@\s.]+)+")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)

log = logging.getLogger(__name__)


class Schedule(StrEnum):
    """How often an organization's DAG runs by itself; daily is early in the Swedish morning."""

    HOURLY = "hourly"
    EVERY_3_HOURS = "every_3_hours"
    EVERY_6_HOURS = "every_6_hours"
    DAILY = "daily"
    MANUAL = "manual"


@dataclass(frozen=True, slots=True)
class Organization:
    """One connected company. `tenant_id` is Fortnox's DatabaseNumber, or made up for a company of SIE files;
    `modules_off` the scopes of Fortnox's that are not fetched, with blanks between them."""

    organization_id: int
    tenant_id: str
    dag_id: str
    name: str
    workspace_id: str | None
    dataset_id: str | None
    schedule: str = Schedule.HOURLY
    modules_off: str = ""

    @property
    def is_on_fortnox(self) -> bool:
        """Whether there is a Fortnox to ask."""
        return is_on_fortnox(self.tenant_id)

    def fetches(self, scope: str) -> bool:
        """Whether what a scope of Fortnox's gives is fetched."""
        return scope not in self.modules_off.split()


class SettingsError(ValueError):
    """A setting is none that there is: `wrong` names which, the text says what to do."""

    def __init__(self, wrong: str, sentence: str) -> None:
        super().__init__(sentence)
        self.wrong = wrong


@dataclass(frozen=True, slots=True)
class Settings:
    """What is decided about a company after it was connected.

    Attributes:
        schedule: how often its DAG runs.
        modules_off: scopes of Fortnox's that are not fetched; what was fetched stays.
        readers: addresses of those who get to read the report when it is first published.
        workspace_id, dataset_id: where in Power BI; empty where nowhere.

    Raises:
        SettingsError: one of them is none.
    """

    schedule: Schedule
    modules_off: frozenset[str]
    readers: tuple[str, ...]
    workspace_id: str
    dataset_id: str

    def __post_init__(self) -> None:
        """Looks at each field."""
        for reader in self.readers:
            if not _ADDRESS.fullmatch(reader):
                raise SettingsError("reader", f"{reader[:60]!r} is no e-mail address: write one a line")
        for name, value in (("workspace", self.workspace_id), ("dataset", self.dataset_id)):
            if value and not _UUID.fullmatch(value):
                raise SettingsError(
                    name,
                    f"{value[:60]!r} is no {name} id: Power BI shows it in the address of the {name}, "
                    "32 hexadecimal digits in five groups",
                )
        if self.dataset_id and not self.workspace_id:
            raise SettingsError("homeless", "A dataset lies in a workspace: give the workspace's id too")


@dataclass(frozen=True, slots=True)
class Registry:
    """The connected organizations, oldest first, as of a revision that every connect moves on."""

    revision: int
    organizations: tuple[Organization, ...]


_NOTHING_KEPT = Registry(-1, ())


def dag_id_of(tenant_id: str) -> str:
    """The id of a tenant's DAG: never changes and names nobody.

    Raises:
        ValueError: the tenant id is neither Fortnox's DatabaseNumber nor one of a company of files.
    """
    if _OF_FILES.fullmatch(tenant_id):
        return f"sie__{tenant_id}"
    if not re.fullmatch(r"[0-9]{1,18}", tenant_id):
        raise ValueError(
            f"{tenant_id!r} is no Fortnox tenant id: it is the DatabaseNumber, digits only, "
            "that Fortnox shows under company information"
        )
    return f"fortnox__{tenant_id}"


def tenant_of(dag_id: str) -> str:
    """The tenant id that a DAG's id was made of."""
    return dag_id.removeprefix("fortnox__").removeprefix("sie__")


def is_on_fortnox(tenant_id: str) -> bool:
    """Whether a tenant id is Fortnox's, and not made up for a company of SIE files."""
    return not _OF_FILES.fullmatch(tenant_id)


def organization_digits(organization_number: str) -> str:
    """The ten digits of an organization number, however it is written: a century may stand before them."""
    digits = "".join(letter for letter in organization_number if letter in "0123456789")
    return digits[-10:] if len(digits) == 12 else digits


def read(dag_id: str | None = None, *, patience_seconds: int | None = None) -> Registry:
    """The registry; with `dag_id` that organization alone."""
    with connect(Role.PAGE, patience_seconds=patience_seconds) as connection:
        rows = run(connection, "control/organization_list", {"dag_id": dag_id}).fetchall()
    return Registry(rows[0][0], tuple(Organization(*row[1:]) for row in rows if row[1] is not None))


def register(
    *,
    tenant_id: str,
    name: str,
    organization_number: str,
    workspace_id: str | None = None,
    dataset_id: str | None = None,
) -> Organization:
    """Connects a company or, when it is connected already, brings its name up to date."""
    dag_id = dag_id_of(tenant_id)
    with connect(Role.PAGE) as connection:
        row = run(
            connection,
            "control/organization_connect",
            {
                "tenant_id": tenant_id,
                "dag_id": dag_id,
                "organization_name": name,
                "organization_number": organization_number,
                "workspace_id": workspace_id,
                "dataset_id": dataset_id,
            },
        ).fetchone()
        assert row is not None
        parameters = {"organization_id": int(row[0]), "role_name": SHARED_READER}
        run(connection, "control/organization_versions", parameters)
        if is_on_fortnox(tenant_id):
            run(connection, "control/organization_credential", parameters)
        run(connection, "control/organization_reader", parameters)
        run(connection, "control/registry_advance")
    return read(dag_id).organizations[0]


def change(organization_id: int, decided: Settings) -> None:
    """Decides anew about a company; its DAG and its next run go by it."""
    parameters = {
        "organization_id": organization_id,
        "schedule": decided.schedule.value,
        "modules_off": " ".join(sorted(decided.modules_off)),
        "readers": " ".join(decided.readers),
        "workspace_id": decided.workspace_id or None,
        "dataset_id": decided.dataset_id or None,
    }
    with connect(Role.PAGE) as connection:
        run(connection, "control/organization_change", parameters)
        run(connection, "control/registry_advance")


def erase(organization_id: int) -> None:
    """Removes every row of a disconnected organization from the warehouse, in one transaction.

    Raises:
        psycopg.errors.RaiseException: the organization is connected.
    """
    with connect(Role.PAGE) as connection:
        run(connection, "control/organization_erase", {"organization_id": organization_id})
        run(connection, "control/registry_advance")


def disconnect(organization_id: int) -> None:
    """No DAG is made of the organization any more; what was fetched stays."""
    with connect(Role.PAGE) as connection:
        run(connection, "control/organization_disconnect", {"organization_id": organization_id})
        run(connection, "control/registry_advance")


def find(tenant_id: str) -> int | None:
    """The organization id of a tenant, connected or not."""
    with connect(Role.PAGE) as connection:
        row = run(connection, "control/organization_find", {"tenant_id": tenant_id}).fetchone()
    return None if row is None else int(row[0])


def name(organization_id: int, name: str, organization_number: str) -> None:
    """What a company that is not connected yet calls itself."""
    parameters = {
        "organization_id": organization_id,
        "organization_name": name,
        "organization_number": organization_number,
    }
    with connect(Role.PAGE) as connection:
        run(connection, "control/organization_name", parameters)


def number(organization_id: int) -> str:
    """The organization number that a company was registered or named with."""
    with connect(Role.PAGE, organization_id) as connection:
        row = run(connection, "control/organization_number").fetchone()
    assert row is not None
    return str(row[0])


def reserve_for_files(organization_name: str, organization_number: str) -> str:
    """The DAG id of a new company that is not on Fortnox, before its files are taken and it is registered."""
    tenant_id = f"f{secrets.token_hex(6)}"
    dag_id = dag_id_of(tenant_id)
    with connect(Role.PAGE) as connection:
        row = run(
            connection, "control/organization_reserve", {"tenant_id": tenant_id, "dag_id": dag_id}
        ).fetchone()
        assert row is not None
        run(connection, "control/organization_versions", {"organization_id": row[0]})
    name(int(row[0]), organization_name, organization_number)
    return dag_id


def reserve(tenant_id: str) -> int:
    """The organization id of a tenant, with a place for its credential, before it is registered.

    Raises:
        ValueError: the tenant id is not Fortnox's DatabaseNumber.
    """
    parameters = {"tenant_id": tenant_id, "dag_id": dag_id_of(tenant_id)}
    with connect(Role.PAGE) as connection:
        row = run(connection, "control/organization_reserve", parameters).fetchone()
        assert row is not None
        organization_id = int(row[0])
        run(connection, "control/organization_credential", {"organization_id": organization_id})
    return organization_id


def for_parsing(dag_id: str | None) -> tuple[Organization, ...]:
    """The organizations that the DAG file makes DAGs of: never raises.

    A DAG file that raises, or that takes a failed answer for an empty one, hides every organization at
    once. So the last good list is kept in a file, and an empty answer is believed only when the
    registry's revision has moved since that list. With `dag_id` (a worker) only that one is read.
    """
    try:
        registry = read(dag_id, patience_seconds=_PATIENCE_SECONDS)
    except Exception as error:
        log.error(
            "The registry of organizations cannot be read (%s): using the last good list. "
            "Check the connection saldo_warehouse",
            type(error).__name__,
        )
        registry = None
    kept = _kept()
    known = tuple(item for item in kept.organizations if dag_id in (None, item.dag_id))
    if registry is None:
        return known
    if known and not registry.organizations and registry.revision <= kept.revision:
        log.error(
            "The registry says that no organization is connected but has not changed since %d were: "
            "using the last good list. Check that saldo_warehouse points at the right database",
            len(kept.organizations),
        )
        return known
    if dag_id is None and registry != kept:
        _keep(registry)
    return registry.organizations


def _kept_path() -> Path:
    home = os.environ.get("AIRFLOW_HOME", "~/airflow")
    return Path(settings.get("state_dir", f"{home}/saldo")).expanduser() / "organizations.json"


def _kept() -> Registry:
    try:
        content = json.loads(_kept_path().read_text(encoding="utf-8"))
        return Registry(
            int(content["revision"]), tuple(Organization(**item) for item in content["organizations"])
        )
    except FileNotFoundError:
        return _NOTHING_KEPT
    except Exception as error:
        log.warning("The last good list of organizations cannot be read (%s): going on without", error)
        return _NOTHING_KEPT


def _keep(registry: Registry) -> None:
    try:
        path = _kept_path()
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_suffix(f".{os.getpid()}")
        temporary.write_text(json.dumps(asdict(registry), ensure_ascii=False), encoding="utf-8")
        temporary.replace(path)
    except Exception as error:
        log.warning("The list of organizations could not be kept for bad times: %s", error)
