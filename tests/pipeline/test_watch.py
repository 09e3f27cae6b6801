"""What is wrong with a company is said once: in the log, and by the notifiers that are set."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import pytest
from airflow.sdk.bases.notifier import BaseNotifier

from saldo import organizations
from saldo.database import Role, connect
from saldo.organizations import Schedule, Settings
from saldo.pipeline import alerts
from saldo.warehouse.build import build
from tests.support import Warehouse, run_dag
from tests.warehouse.books import Year, company, land, voucher

pytestmark = [pytest.mark.database]

NOW = datetime.now(UTC)
YEAR = Year(1, "2025-01-01", "2025-12-31", (voucher("2025-05-05", ("1930", "10"), ("3041", "-10")),))
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


class Heard(BaseNotifier):
    """An Airflow notifier that keeps what it was told, or fails."""

    template_fields = ("message",)
    messages: ClassVar[list[str]] = []
    is_broken: ClassVar[bool] = False

    def __init__(self, message: str) -> None:
        super().__init__()
        self.message = message

    def notify(self, context: Any) -> None:
        if self.is_broken:
            raise ConnectionError("no way out")
        self.messages.append(self.message)


class HeardToo(Heard):
    """Another one, with what it was told of its own."""

    messages: ClassVar[list[str]] = []


@pytest.fixture(autouse=True)
def told(monkeypatch: pytest.MonkeyPatch) -> None:
    for each in (Heard, HeardToo):
        monkeypatch.setattr(each, "messages", [])
        monkeypatch.setattr(each, "is_broken", False)
    listen(monkeypatch, Heard)


def listen(patch: pytest.MonkeyPatch, *ways: type[Heard]) -> None:
    configured = [
        {
            "class": f"{__name__}.{way.__name__}",
            "arguments": {"message": "{{ alert.subject }} | {{ alert.text }}"},
        }
        for way in ways
    ]
    patch.setenv("AIRFLOW__SALDO__ALERT_NOTIFIERS", json.dumps(configured))


def causes(moment: datetime = NOW) -> list[tuple[int, str]]:
    return [alert.key for alert in alerts.watch(moment)]


def healthy(warehouse: Warehouse, tenant: int = 1) -> int:
    """A company that was connected a day ago, with a report of now."""
    found = company(tenant, f"Bolag {tenant} AB")
    land(found, YEAR)
    build(found)
    warehouse.execute(
        "update control.organization set dataset_id = 'd', connected_at = %s where organization_id = %s",
        [NOW - DAY, found],
    )
    warehouse.execute(
        "update control.version set refreshed = landed, refreshed_at = %s where organization_id = %s",
        [NOW, found],
    )
    asked(warehouse, found, "sie", NOW)
    return found


def asked(warehouse: Warehouse, found: int, resource: str, when: datetime, status: str = "ok") -> None:
    warehouse.execute("delete from control.sync_status where resource = %s", [resource])
    warehouse.execute(
        "insert into control.sync_status (organization_id, resource, run_id, status, fetched, changed, "
        "deleted, requests, seconds, detail, swept_at, mode) "
        "values (%s, %s, 'r', %s, 0, 0, 0, 1, 1, 'said so', %s, 'whole')",
        [found, resource, status, when],
    )


def test_nothing_is_said_of_a_company_that_is_well(warehouse: Warehouse) -> None:
    healthy(warehouse)
    assert causes() == []
    assert Heard.messages == []


def test_a_first_report_is_late_after_two_hours_and_that_is_said_once(
    warehouse: Warehouse, caplog: pytest.LogCaptureFixture
) -> None:
    found = company()
    warehouse.execute("update control.organization set connected_at = %s", [NOW])
    just_before = NOW + 2 * HOUR - timedelta(seconds=1)
    assert causes(just_before) == []

    with caplog.at_level(logging.INFO):
        assert causes(NOW + 2 * HOUR) == [(found, "report_late")]
        assert causes(NOW + 3 * HOUR) == [(found, "report_late")]

    said = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert len(said) == 1
    for part in ("Påhittade Bolaget AB", "fortnox__1", "two hours", "see that the scheduler runs"):
        assert part in said[0].message
    assert len(Heard.messages) == 1
    assert Heard.messages[0].startswith("Påhittade Bolaget AB: the first report is not there")


def test_the_cause_that_is_known_is_said(warehouse: Warehouse) -> None:
    found = company()
    warehouse.execute("update control.organization set connected_at = %s", [NOW - DAY])

    def detail() -> str:
        return next(alert.detail for alert in alerts.watch(NOW) if alert.cause == "report_late")

    asked(warehouse, found, "sie", NOW, "failed")
    assert "nothing has landed" in detail()
    land(found, YEAR)
    assert "the marts are not built" in detail()
    warehouse.execute(
        "insert into control.check_result values (%s, 'ledger_rows_are_landed', 'stop', 2, '[]', 1, now())",
        [found],
    )
    assert "ledger_rows_are_landed" in detail()
    warehouse.execute("delete from control.check_result")
    warehouse.execute("update control.organization set dataset_id = 'd'")
    build(found)
    assert "publish.refresh" in detail()
    warehouse.execute("update control.credential set lost_reason = 'gone', lost_at = now()")
    assert "no longer takes its access" in detail()


def test_without_power_bi_the_marts_are_the_report(warehouse: Warehouse) -> None:
    found = company()
    land(found, YEAR)
    build(found)
    asked(warehouse, found, "sie", NOW)
    warehouse.execute("update control.organization set connected_at = %s", [NOW - DAY])
    assert causes() == []


def test_a_cause_that_ended_is_said_to_have_and_may_come_again(
    warehouse: Warehouse, caplog: pytest.LogCaptureFixture
) -> None:
    found = healthy(warehouse)
    lost = "update control.credential set lost_reason = %s, lost_at = now()"
    warehouse.execute(lost, ["Fortnox said so"])
    assert causes() == [(found, "access_lost")]
    warehouse.execute("update control.credential set lost_reason = null, lost_at = null")
    with caplog.at_level(logging.INFO):
        assert causes() == []
    assert "has ended" in caplog.text
    assert causes() == []
    warehouse.execute(lost, ["again"])
    assert causes() == [(found, "access_lost")]
    assert len(Heard.messages) == 2
    assert "Connect the company again" in Heard.messages[1]


@pytest.mark.parametrize(("left", "is_raised"), [(7 * DAY, True), (8 * DAY, False)])
def test_an_access_that_ends_within_seven_days_is_said(
    warehouse: Warehouse, left: timedelta, is_raised: bool
) -> None:
    found = healthy(warehouse)
    warehouse.execute(
        "update control.credential set credential_kind = 'refresh_token', refresh_token = 'x', "
        "refresh_expires_at = %s",
        [NOW + left],
    )
    assert causes() == [(found, "access_ends")] * is_raised


def test_a_resource_that_was_given_and_no_longer_is_is_said(warehouse: Warehouse) -> None:
    found = healthy(warehouse)
    asked(warehouse, found, "orders", NOW, "skipped")
    assert causes() == [], "it never was given"
    warehouse.execute(
        "insert into control.sync_cursor (organization_id, resource, swept_at) values (%s, 'orders', now())",
        [found],
    )
    [alert] = alerts.watch(NOW)
    assert (alert.cause, alert.detail) == ("resource_lost", "orders: said so")


@pytest.mark.parametrize(
    ("schedule", "age", "is_raised"),
    [
        (Schedule.HOURLY, DAY, True),
        (Schedule.HOURLY, DAY - HOUR, False),
        (Schedule.DAILY, DAY + HOUR, False),
        (Schedule.DAILY, 2 * DAY, True),
        (Schedule.MANUAL, 30 * DAY, False),
    ],
)
def test_a_report_is_old_by_its_own_schedule(
    warehouse: Warehouse, schedule: Schedule, age: timedelta, is_raised: bool
) -> None:
    found = healthy(warehouse)
    organizations.change(found, Settings(schedule, frozenset(), (), "", ""))
    asked(warehouse, found, "sie", NOW - age)
    assert causes() == [(found, "report_old")] * is_raised


def test_a_refresh_that_lies_a_day_behind_is_said(warehouse: Warehouse) -> None:
    found = healthy(warehouse)
    warehouse.execute(
        "update control.version set refreshed = built - 1, refreshed_at = %s from control.version_built "
        "where version.organization_id = version_built.organization_id",
        [NOW - DAY],
    )
    warehouse.execute("update control.version set refreshed = greatest(refreshed, 1)")
    warehouse.execute("update control.version_built set built_at = %s", [NOW - 2 * HOUR])
    [alert] = alerts.watch(NOW)
    assert (alert.cause, "publish.refresh" in alert.detail) == ("report_old", True)
    assert alert.organization_id == found


def test_nothing_is_said_of_one_that_is_disconnected_or_was_never_connected(warehouse: Warehouse) -> None:
    found = healthy(warehouse)
    warehouse.execute("update control.credential set lost_reason = 'gone', lost_at = now()")
    organizations.reserve("2")
    organizations.disconnect(found)
    assert causes(NOW + 10 * DAY) == []


def test_a_notifier_that_fails_tells_the_next_time_and_holds_no_other_up(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    healthy(warehouse)
    listen(monkeypatch, Heard, HeardToo)
    warehouse.execute("update control.credential set lost_reason = 'gone', lost_at = now()")
    monkeypatch.setattr(Heard, "is_broken", True)
    monkeypatch.setattr(HeardToo, "is_broken", False)
    for _ in range(2):
        with pytest.raises(alerts.AlertsNotToldError, match=r"Heard \(ConnectionError\).*alert_notifiers"):
            alerts.watch(NOW)
    assert (len(Heard.messages), len(HeardToo.messages)) == (0, 1)
    monkeypatch.setattr(Heard, "is_broken", False)
    for _ in range(2):
        alerts.watch(NOW)
    assert (len(Heard.messages), len(HeardToo.messages)) == (1, 1)


@pytest.mark.parametrize("setting", ["{", '["x"]', '[{"arguments": {}}]'])
def test_a_setting_that_is_wrong_is_said_after_all_was_raised(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, setting: str
) -> None:
    healthy(warehouse)
    warehouse.execute("update control.credential set lost_reason = 'gone', lost_at = now()")
    monkeypatch.setenv("AIRFLOW__SALDO__ALERT_NOTIFIERS", setting)
    with pytest.raises(ValueError, match="no JSON list"):
        alerts.watch(NOW)
    assert "no longer takes its access" in caplog.text


def test_a_class_that_is_no_notifier_is_said(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    healthy(warehouse)
    warehouse.execute("update control.credential set lost_reason = 'gone', lost_at = now()")
    monkeypatch.setenv("AIRFLOW__SALDO__ALERT_NOTIFIERS", '[{"class": "collections.OrderedDict"}]')
    with pytest.raises(alerts.AlertsNotToldError, match="OrderedDict"):
        alerts.watch(NOW)


def test_the_task_raises_what_is_wrong_now(warehouse: Warehouse) -> None:
    from saldo.pipeline import watch

    healthy(warehouse)
    warehouse.execute("update control.credential set lost_reason = 'gone', lost_at = now()")
    assert run_dag(watch.build()).errors == {}
    assert warehouse.rows("select cause from control.alert") == [("access_lost",)]


def test_a_thousand_companies_are_one_look(warehouse: Warehouse) -> None:
    """Counted in statements, since a time would measure the machine."""
    warehouse.execute(
        "insert into control.organization "
        "(tenant_id, dag_id, organization_name, organization_number, connected_at) "
        "select n::text, 'fortnox__' || n, 'Bolag', '', %s from generate_series(1000, 1999) as n",
        [NOW - DAY],
    )
    assert len(causes()) == 1000
    with connect(Role.PAGE) as connection:
        before = connection.execute("select count(*) from control.alert").fetchone()
    assert before == (1000,)
    assert len(Heard.messages) == 1000
    assert len(causes()) == 1000
    assert len(Heard.messages) == 1000
