"""What is wrong with any company, raised once each: in the log always, and to the notifiers that are set.

A notifier has told an alert when it returned without an error, and that is noted after it: a task that is
killed between the two tells it twice, and never not at all.
"""

from __future__ import annotations

import json
import logging
import pkgutil
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from saldo import settings
from saldo.database import Connection, Role, connect, run

log = logging.getLogger(__name__)

_WHAT = {
    "report_late": (
        "the first report is not there two hours after the company was connected",
        "Mend what is named; the next run goes on by itself",
    ),
    "access_lost": ("Fortnox no longer takes its access", "Connect the company again"),
    "access_ends": (
        "its access to Fortnox ends within seven days",
        "Run saldo__credentials, which renews it; if that fails, connect the company again, best by an "
        "approval for a service account",
    ),
    "resource_lost": (
        "Fortnox no longer gives what it gave",
        "See in Fortnox that the licence is there and the approval covers it, then connect the company "
        "again; or switch the module off on the company's page",
    ),
    "report_old": ("the report is old", "Mend what is named; the next run goes on by itself"),
}


class AlertsNotToldError(RuntimeError):
    """Some notifier failed; the text says which, and what it could not tell is tried again."""


@dataclass(frozen=True, slots=True)
class Alert:
    """Something that is wrong with a company. `subject` and `text` are what notifiers tell."""

    organization_id: int
    name: str
    dag_id: str
    cause: str
    detail: str

    @property
    def key(self) -> tuple[int, str]:
        """What it is raised once for."""
        return self.organization_id, self.cause

    @property
    def subject(self) -> str:
        """One line."""
        return f"{self.name}: {_WHAT[self.cause][0]}"

    @property
    def text(self) -> str:
        """What is wrong, what is known of it, what to do, and where."""
        what, remedy = _WHAT[self.cause]
        return f"{self.name} ({self.dag_id}): {what}: {self.detail}. {remedy}."


@dataclass(frozen=True, slots=True)
class Notifier:
    """An Airflow notifier by the dotted path of its class, and what it is made with."""

    path: str
    arguments: dict[str, Any]

    def tell(self, alert: Alert) -> None:
        """Has Airflow's notifier send the alert: in its templated fields, `{{ alert.text }}`."""
        from airflow.sdk.bases.notifier import BaseNotifier

        made = pkgutil.resolve_name(self.path)(**self.arguments)
        if not isinstance(made, BaseNotifier):
            raise TypeError(f"{self.path} is no Airflow notifier")
        made({"alert": alert})


def notifiers() -> list[Notifier]:
    """Those of the setting [saldo] alert_notifiers.

    Raises:
        ValueError: it is no list of objects with "class" and, if need be, "arguments".
    """
    text = settings.get("alert_notifiers", "")
    if not text.strip():
        return []
    try:
        return [Notifier(str(each["class"]), dict(each.get("arguments", {}))) for each in json.loads(text)]
    except (ValueError, TypeError, KeyError, AttributeError):
        raise ValueError(
            '[saldo] alert_notifiers is no JSON list of {"class": ..., "arguments": {...}}: '
            "docs/operating.md shows one"
        ) from None


def watch(moment: datetime) -> list[Alert]:
    """Raises what is newly wrong at `moment`, clears what has ended, and tells what was not told; returns
    what is wrong.

    Raises:
        AlertsNotToldError: a notifier failed; all others have told theirs.
        ValueError: the setting is wrong; everything was raised and stands in the log.
    """
    with connect(Role.PAGE) as connection:
        found = {
            alert.key: alert
            for alert in (
                Alert(*row) for row in run(connection, "control/alert_causes", {"moment": moment}).fetchall()
            )
        }
        known = {(row[0], row[1]): row[2:] for row in run(connection, "control/alert_open").fetchall()}
        for alert in found.values():
            if alert.key not in known:
                run(connection, "control/alert_raise", _parameters(alert.key, moment=moment))
                log.warning("%s", alert.text)
        for key, (raised_at, _) in known.items():
            if key not in found:
                run(connection, "control/alert_clear", _parameters(key, moment=moment))
                log.info("Organization %d: %s, raised %s, has ended", key[0], _WHAT[key[1]][0], raised_at)
    told = {key: frozenset(names) for key, (_, names) in known.items()}
    with connect(Role.PAGE, autocommit=True) as connection:
        _tell(connection, found.values(), told)
    return list(found.values())


def _tell(
    connection: Connection, alerts: Iterable[Alert], told: dict[tuple[int, str], frozenset[str]]
) -> None:
    failures = {}
    ways = notifiers()
    for alert in alerts:
        for notifier in ways:
            if notifier.path in told.get(alert.key, ()) or notifier.path in failures:
                continue
            try:
                notifier.tell(alert)
            except Exception as error:
                failures[notifier.path] = type(error).__name__
                log.warning("%s failed: %s", notifier.path, error)
            else:
                run(connection, "control/alert_told", _parameters(alert.key, notifier=notifier.path))
    if failures:
        reasons = ", ".join(f"{path} ({reason})" for path, reason in failures.items())
        raise AlertsNotToldError(
            f"{reasons} could not tell what is wrong, which stands above: check the notifier's connection "
            "and its arguments in [saldo] alert_notifiers; the next run tells what was not told"
        )


def _parameters(key: tuple[int, str], **more: Any) -> dict[str, Any]:
    return {"organization_id": key[0], "cause": key[1], **more}
