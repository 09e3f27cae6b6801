"""Builds an organization's marts from what has landed and checks them: one transaction, all or nothing."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from psycopg import IsolationLevel
from psycopg import sql as composed
from psycopg.types.json import Jsonb

from saldo import sql
from saldo.database import Connection, Role, connect, run
from saldo.warehouse import custom
from saldo.warehouse.landing import versions
from saldo.warehouse.migrations import definition_and_build

log = logging.getLogger(__name__)

STOP, WARN = "stop", "warn"
_SAMPLE_SIZE = 10


@dataclass(frozen=True, slots=True)
class CheckOutcome:
    """What a check found: `failing` rows, and the first of them as {"reason": ..., "detail": {...}}."""

    name: str
    severity: str
    failing: int
    sample: tuple[dict[str, Any], ...]

    def __str__(self) -> str:
        """The outcome as the log and the error show it."""
        head = f"{self.name}: {self.failing} {'row' if self.failing == 1 else 'rows'}"
        return "\n".join(
            [head, *(f"    {row['reason']}: {_words(row['detail'])}" for row in self.sample[:3])]
        )


@dataclass(frozen=True, slots=True)
class BuildResult:
    """`built` is False when the marts were up to date with version `landed` already."""

    landed: int
    built: bool
    checks: tuple[CheckOutcome, ...] = ()
    build_seconds: float = 0.0
    check_seconds: float = 0.0


class ChecksFailedError(RuntimeError):
    """A stop check failed: the marts are not the books. Nothing was kept of the build."""

    def __init__(self, failed: Sequence[CheckOutcome]) -> None:
        super().__init__(
            f"{len(failed)} {'check' if len(failed) == 1 else 'checks'} found that the new marts are not "
            "the books. The marts are as they were before; everything found is in control.check_result.\n"
            + "\n".join(f"  {outcome}" for outcome in failed)
        )
        self.failed = tuple(failed)


def build(organization_id: int) -> BuildResult:
    """Brings an organization's marts to what has landed for it.

    The marts by financial year (`increment` in their head) are made anew for the years that changed, all
    others whole. Reads one snapshot: what lands meanwhile is the next build's. The marts, their keys and
    the version they show are committed together, and only when every stop check passes; the results of
    the checks are kept either way.

    Raises:
        ChecksFailedError: a stop check failed; the marts are as they were.
        CustomSqlError: one's own mart or check cannot be run; the marts are as they were.
        LookupError: the organization is not registered.
    """
    with connect(Role.TRANSFORMER, organization_id, autocommit=True) as connection:
        run(connection, "control/build_lock", {"organization_id": organization_id})
        connection.isolation_level = IsolationLevel.REPEATABLE_READ
        try:
            with connection.transaction():
                result = _build(connection, organization_id)
        except ChecksFailedError:
            # the next build makes every year anew: it may come to what this one could not
            run(connection, "control/ledger_year_forget")
            raise
    if result.built:
        log.info(
            "Organization %d: the marts show version %d, built in %.1f s and checked in %.1f s",
            organization_id,
            result.landed,
            result.build_seconds,
            result.check_seconds,
        )
    return result


def _build(connection: Connection, organization_id: int) -> BuildResult:
    found = versions(connection)
    if found.built == found.landed:
        log.info("Organization %d: the marts show version %d already", organization_id, found.landed)
        return BuildResult(found.landed, built=False)
    log.info(
        "Organization %d: building the marts of version %d (they show version %d)",
        organization_id,
        found.landed,
        found.built,
    )
    started = time.monotonic()
    run(connection, "control/settings_before_statistics")
    _fill(connection)
    filled = time.monotonic()
    checks = tuple(_check(connection, file) for file in [*sql.files("checks"), *custom.checks()])
    checked = time.monotonic()
    _keep(organization_id, found.landed, checks)
    _report(checks)
    failed = [outcome for outcome in checks if outcome.failing and outcome.severity == STOP]
    if failed:
        raise ChecksFailedError(failed)
    run(connection, "control/version_built", {"landed": found.landed})
    return BuildResult(found.landed, True, checks, filled - started, checked - filled)


def _fill(connection: Connection) -> None:
    run(connection, "control/key_map_assign")
    are_years_marked = False
    for mart in [*sql.in_order(sql.files("marts")), *custom.marts()]:
        started = time.monotonic()
        _, filling = definition_and_build(mart)
        if mart.is_by_year and not are_years_marked:
            run(connection, "control/ledger_year_mark")
            are_years_marked = True
        with custom.blamed(mart):
            connection.execute(_emptying(mart))
            rows = connection.execute(filling).rowcount
        log.info("%-32s %9d rows  %5.1f s", mart.name, rows, time.monotonic() - started)


def _emptying(mart: sql.SqlFile) -> composed.Composed:
    """The delete of what the mart's insert writes: everything, or what is of a year that does not stand."""
    text = "delete from {}"
    if mart.is_by_year:
        text += (
            " where financial_year_key not in "
            "(select financial_year_key from control.ledger_year_built where not is_stale)"
        )
    return composed.SQL(text).format(composed.Identifier(mart.schema, mart.name))


def _check(connection: Connection, file: sql.SqlFile) -> CheckOutcome:
    started = time.monotonic()
    with custom.blamed(file):
        row = connection.execute(_counted(file.text)).fetchone()
    assert row is not None
    log.debug("%-32s %9d failing  %5.1f s", file.name, row[0], time.monotonic() - started)
    # amounts stay texts: a float would not be the amount
    sample = tuple(json.loads(row[1], parse_float=str))
    return CheckOutcome(custom.check_name(file), file.head["severity"], row[0], sample)


def _counted(check: str) -> str:
    """The text of a check file, which gives the failing rows, as one row: their number and the first few."""
    return f"""
        select
            count(*),
            coalesce(
                jsonb_agg(jsonb_build_object('reason', reason, 'detail', detail) order by place)
                filter (where place <= {_SAMPLE_SIZE}),
                '[]'
            )::text
        from (
            select reason, detail, row_number() over (order by reason, detail::text) as place
            from ({check.strip().rstrip(";")}) as failing
        ) as numbered
    """  # noqa: S608 -- the texts are Saldo's own files


def _keep(organization_id: int, landed: int, checks: Sequence[CheckOutcome]) -> None:
    """Writes the results by a connection of its own, so that they survive the rollback they may cause."""
    with connect(Role.TRANSFORMER, organization_id) as connection:
        run(connection, "control/check_result_clear")
        for outcome in checks:
            run(
                connection,
                "control/check_result_write",
                {
                    "name": outcome.name,
                    "severity": outcome.severity,
                    "failing": outcome.failing,
                    "sample": Jsonb(outcome.sample),
                    "landed": landed,
                },
            )


def _report(checks: Sequence[CheckOutcome]) -> None:
    for outcome in checks:
        if outcome.failing:
            level = logging.ERROR if outcome.severity == STOP else logging.WARNING
            log.log(level, "Check %s", outcome)
    passed = sum(1 for outcome in checks if not outcome.failing)
    log.info("%d of %d checks passed", passed, len(checks))


def _words(detail: dict[str, Any]) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in detail.items())
