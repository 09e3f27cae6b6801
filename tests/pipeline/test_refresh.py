"""The last task: asked for once, waited for by deferral, green only when the report shows the new version.

Operator and triggers run as Airflow runs them, each resumption in an operator of its own; Power BI is the
sandbox over HTTP and the warehouse a PostgreSQL.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException, TaskDeferred

from saldo import organizations
from saldo.database import Role, connect, run
from saldo.pipeline.refresh import PowerBIRefreshOperator
from saldo.powerbi.errors import (
    AlreadyRunningError,
    RefreshFailedError,
    UnconfirmedError,
    UnreachableError,
)
from saldo.powerbi.history import History
from saldo.powerbi.hook import PowerBIHook, Service
from tests.powerbi.service import CONNECTION, SECRET, Dataset, PowerBIService, connection, running_service
from tests.sandbox.process import free_port
from tests.support import Warehouse

pytestmark = pytest.mark.database


class KilledError(BaseException):
    """Ends a try as SIGKILL would: no handler of the operator sees it."""


@dataclass(frozen=True)
class Company:
    """An organization with a dataset, whose warehouse has built something to show."""

    organization_id: int
    dataset: Dataset
    warehouse: Warehouse

    def operator(self, **arguments: Any) -> PowerBIRefreshOperator:
        settings = {"history_lag": timedelta(seconds=5), "first_poll_seconds": 0.05, **arguments}
        return PowerBIRefreshOperator(task_id="refresh", organization_id=self.organization_id, **settings)

    def build(self, version: int) -> None:
        with connect(Role.TRANSFORMER, self.organization_id) as session:
            run(session, "control/version_built", {"landed": version})

    def refreshed(self) -> int:
        query = "select refreshed from control.version where organization_id = %s"
        return int(self.warehouse.rows(query, [self.organization_id])[0][0])

    def asked(self) -> list[tuple[Any, ...]]:
        """What control.refresh says: (built, request_id, due_at)."""
        query = "select built, request_id, due_at from control.refresh where organization_id = %s"
        return self.warehouse.rows(query, [self.organization_id])


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PowerBIService]:
    with running_service(tmp_path_factory.mktemp("companies")) as service:
        yield service


@pytest.fixture
def company(service: PowerBIService, module_warehouse: Warehouse) -> Iterator[Company]:
    with service.dataset() as dataset:
        dataset.settings(history_lag_seconds=0, refresh_seconds=0.2)
        organization = organizations.register(
            tenant_id=dataset.tenant_id,
            name="Provbolag AB",
            organization_number="499900-0013",
            workspace_id=dataset.workspace_id,
            dataset_id=dataset.dataset_id,
        )
        company = Company(organization.organization_id, dataset, module_warehouse)
        company.build(1)
        yield company


def wake(deferred: TaskDeferred) -> dict[str, Any]:
    """Runs the trigger as the triggerer does, from what was stored of it; returns its event's payload."""
    path, kwargs = deferred.trigger.serialize()
    module, name = path.rsplit(".", 1)
    trigger = getattr(importlib.import_module(module), name)(**json.loads(json.dumps(kwargs)))

    async def first() -> Any:
        async for event in trigger.run():
            return json.loads(json.dumps(event.payload))
        raise AssertionError("the trigger ended without an event")

    payload: dict[str, Any] = asyncio.run(first())
    return payload


def defer(step: Callable[[], Any]) -> TaskDeferred:
    """The deferral that the step must end in."""
    with pytest.raises(TaskDeferred) as raised:
        step()
    return raised.value


def drive(company: Company, **arguments: Any) -> Any:
    """One try from its start to its end, through all its deferrals."""
    step = lambda: company.operator(**arguments).execute({})  # noqa: E731
    while True:
        try:
            return step()
        except TaskDeferred as deferred:
            event, method = wake(deferred), deferred.method_name
            step = lambda: getattr(company.operator(**arguments), method)({}, event=event)  # noqa: B023, E731


def test_green_means_that_the_report_shows_the_version(company: Company) -> None:
    result = drive(company)
    assert [each["status"] for each in company.dataset.asked()] == ["Completed"]
    assert company.refreshed() == 1
    assert company.asked() == []
    assert result["request_id"] == company.dataset.asked()[0]["request_id"]
    assert result["version"] == 1
    assert result["seconds"] == pytest.approx(0.2, abs=0.01)


def test_nothing_new_is_skipped_without_a_request(company: Company) -> None:
    drive(company)
    requests = company.dataset.requests()
    with pytest.raises(AirflowSkipException, match="version 1, the newest: nothing to refresh"):
        drive(company)
    assert company.dataset.requests() == requests


def test_a_report_that_is_not_published_yet_is_skipped(module_warehouse: Warehouse) -> None:
    organization = organizations.register(tenant_id="42", name="Ny AB", organization_number="499900-0013")
    company = Company(organization.organization_id, None, module_warehouse)  # type: ignore[arg-type]
    company.build(1)
    with pytest.raises(AirflowSkipException, match="not published yet"):
        drive(company)


def test_an_unknown_organization_fails_for_good(company: Company) -> None:
    with pytest.raises(AirflowFailException, match=r"No organization 987654 is registered.*saldo connect"):
        drive(replace(company, organization_id=987654))


def test_a_failed_refresh_fails_with_the_services_reason_and_the_next_run_makes_it_up(
    company: Company,
) -> None:
    company.dataset.arrange(
        "fail_next",
        error_code="ModelRefresh_ShortMessage_ProcessingError",
        error_description="Table Huvudbok",
    )
    with pytest.raises(RefreshFailedError, match=r"ProcessingError: Table Huvudbok.*saldo migrate") as raised:
        drive(company)
    assert raised.value.passes
    assert company.refreshed() == 0
    assert company.asked() == []
    drive(company)
    assert company.refreshed() == 1
    assert [each["status"] for each in company.dataset.asked()] == ["Failed", "Completed"]


def test_missing_credentials_are_not_tried_again(company: Company) -> None:
    company.dataset.arrange("fail_next")
    with pytest.raises(
        AirflowFailException, match=r"CredentialsNotSpecified.*Give the semantic model credentials"
    ):
        drive(company)


def test_a_cancelled_refresh_is_the_end_of_the_try(company: Company) -> None:
    company.dataset.arrange("hold")
    waiting = defer(lambda: company.operator().execute({}))
    company.dataset.arrange("cancel")
    with pytest.raises(AirflowFailException, match=r"as Cancelled. Somebody cancelled it"):
        company.operator().resume({}, event=wake(waiting))
    assert company.refreshed() == 0
    assert company.asked() == []


def test_a_disabled_refresh_is_the_end_of_the_try(company: Company) -> None:
    company.dataset.arrange("disable_next")
    with pytest.raises(AirflowFailException, match=r"as Disabled. Enable refreshes"):
        drive(company)


def test_a_history_that_lags_is_waited_for(company: Company) -> None:
    company.dataset.settings(history_lag_seconds=0.7)
    drive(company)
    assert len(company.dataset.asked()) == 1
    assert company.refreshed() == 1


def test_a_refresh_that_the_history_never_shows_fails(company: Company) -> None:
    company.dataset.settings(history_lag_seconds=600)
    with pytest.raises(RefreshFailedError, match="the dataset's history shows no trace of it"):
        drive(company, history_lag=timedelta(seconds=0.5))
    assert company.refreshed() == 0
    assert company.asked() == []


def test_a_refresh_that_began_after_asking_counts_where_the_history_never_shows_ours(
    company: Company,
) -> None:
    company.dataset.settings(history_lag_seconds=600)
    defer(lambda: company.operator().execute({}))
    _wait_until_done(company)
    foreign = company.dataset.arrange("foreign", seconds=0)
    assert drive(company, history_lag=timedelta(0))["request_id"] == foreign
    assert company.refreshed() == 1
    assert company.asked() == []


def test_somebody_elses_refresh_is_waited_for_and_ours_asked_for_after_it(company: Company) -> None:
    company.dataset.arrange("hold")
    foreign = company.dataset.arrange("foreign")
    waiting = defer(lambda: company.operator().execute({}))
    assert waiting.trigger.serialize()[1]["request_id"] == foreign
    assert company.dataset.asked() == []
    company.dataset.arrange("release")
    ours = defer(lambda: company.operator().resume({}, event=wake(waiting)))
    assert company.operator().resume({}, event=wake(ours))["request_id"] != foreign
    assert len(company.dataset.asked()) == 1
    assert company.refreshed() == 1


@pytest.mark.parametrize("status", [400, 409])
def test_a_refresh_that_the_history_does_not_show_is_waited_for(company: Company, status: int) -> None:
    company.dataset.settings(history_lag_seconds=600, busy_status=status)
    company.dataset.arrange("hold")
    PowerBIHook().start_refresh(company.dataset.workspace_id, company.dataset.dataset_id)
    company.dataset.settings(history_lag_seconds=0)
    refused = defer(lambda: company.operator().execute({}))
    assert company.asked() == []
    refused = defer(lambda: company.operator().resume({}, event=wake(refused)))
    assert len(company.dataset.asked()) == 1
    company.dataset.arrange("release")
    ours = defer(lambda: company.operator().resume({}, event=wake(refused)))
    company.operator().resume({}, event=wake(ours))
    assert len(company.dataset.asked()) == 2
    assert company.refreshed() == 1


def test_somebody_elses_refresh_that_hangs_fails_the_try(company: Company) -> None:
    company.dataset.arrange("foreign", seconds=600)
    with pytest.raises(AlreadyRunningError, match=r"already executing.*cancel it"):
        drive(company, refresh_timeout=timedelta(seconds=0.5))
    assert company.asked() == []


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_short_throttling_is_waited_out(company: Company, method: str) -> None:
    company.dataset.fault(method=method, kind="status", status=429, headers={"Retry-After": "1"})
    drive(company)
    assert len(company.dataset.asked()) == 1
    assert company.refreshed() == 1


def test_a_long_throttling_ends_the_task_skipped_until_it_is_over(company: Company) -> None:
    company.dataset.fault(method="POST", kind="status", status=429, headers={"Retry-After": "3392"})
    due_at = datetime.now(UTC) + timedelta(seconds=3392)
    with pytest.raises(AirflowSkipException, match="takes no refresh of this dataset before") as raised:
        drive(company)
    assert company.asked()[0][2] - due_at == pytest.approx(timedelta(0), abs=timedelta(seconds=30))
    assert f"{company.asked()[0][2]:%Y-%m-%d %H:%M}" in str(raised.value)

    requests = company.dataset.requests()
    with pytest.raises(AirflowSkipException, match="the first run after that"):
        drive(company)
    assert company.dataset.requests() == requests

    company.warehouse.execute(
        "update control.refresh set due_at = now() where organization_id = %s", [company.organization_id]
    )
    drive(company)
    assert len(company.dataset.asked()) == 1
    assert company.refreshed() == 1


def test_many_short_throttlings_are_one_long_one(company: Company) -> None:
    company.dataset.fault(method="POST", kind="status", status=429, headers={"Retry-After": "30"})
    since = datetime.now(UTC) - timedelta(minutes=9, seconds=45)
    with pytest.raises(AirflowSkipException, match="takes no refresh"):
        company.operator().resume({}, event={"held_back_since": since.isoformat()})


def test_a_used_up_quota_ends_the_task_skipped_until_the_oldest_is_a_day_old(company: Company) -> None:
    for _ in range(8):
        company.dataset.arrange("foreign", seconds=0)
    tomorrow = datetime.now(UTC) + timedelta(hours=24)
    with pytest.raises(AirflowSkipException, match="takes no refresh of this dataset before"):
        drive(company)
    assert company.dataset.asked() == []
    assert company.asked()[0][2] - tomorrow == pytest.approx(timedelta(0), abs=timedelta(seconds=30))


def test_the_last_of_the_days_refreshes_is_kept_in_reserve(company: Company) -> None:
    drive(company)
    for _ in range(6):
        company.dataset.arrange("foreign", seconds=0)
    company.build(2)
    with pytest.raises(AirflowSkipException, match="takes no refresh of this dataset before"):
        drive(company)
    assert len(company.dataset.asked()) == 1


def test_a_model_that_shows_nothing_yet_takes_the_reserve(company: Company) -> None:
    for _ in range(7):
        company.dataset.arrange("foreign", seconds=0)
    drive(company)
    assert company.refreshed() == 1


def killed_at_asking(monkeypatch: pytest.MonkeyPatch, *, sent: bool, error: BaseException) -> None:
    """Has the next asking end in `error`, once the request was taken or before it is sent."""
    really_start = PowerBIHook.start_refresh

    def start_refresh(hook: PowerBIHook, workspace_id: str, dataset_id: str, **more: Any) -> str | None:
        monkeypatch.setattr(PowerBIHook, "start_refresh", really_start)
        if sent:
            really_start(hook, workspace_id, dataset_id, **more)
        raise error

    monkeypatch.setattr(PowerBIHook, "start_refresh", start_refresh)


@pytest.mark.parametrize("lag", [0, 0.7])
def test_killed_after_asking_the_retry_finds_the_refresh_and_asks_for_no_second(
    company: Company, monkeypatch: pytest.MonkeyPatch, lag: float
) -> None:
    company.dataset.settings(history_lag_seconds=lag)
    killed_at_asking(monkeypatch, sent=True, error=KilledError())
    with pytest.raises(KilledError):
        drive(company)
    assert company.asked() == [(1, None, None)]
    drive(company)
    assert len(company.dataset.asked()) == 1
    assert company.refreshed() == 1
    assert company.asked() == []


def test_killed_before_asking_the_retry_asks(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    killed_at_asking(monkeypatch, sent=False, error=KilledError())
    with pytest.raises(KilledError):
        drive(company)
    drive(company, history_lag=timedelta(seconds=1))
    assert len(company.dataset.asked()) == 1
    assert company.refreshed() == 1


def test_a_lost_answer_is_looked_for_in_the_history(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    killed_at_asking(monkeypatch, sent=True, error=UnconfirmedError("The answer was lost"))
    result = drive(company)
    assert [each["request_id"] for each in company.dataset.asked()] == [result["request_id"]]


def test_a_refresh_of_a_moment_before_is_not_taken_for_ours(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = company.dataset.arrange("foreign", seconds=0)
    killed_at_asking(monkeypatch, sent=False, error=KilledError())
    with pytest.raises(KilledError):
        drive(company)
    looking = defer(lambda: company.operator().execute({}))
    assert looking.trigger.serialize()[1]["request_id"] is None
    result = drive(company, history_lag=timedelta(seconds=1))
    assert result["request_id"] == company.dataset.asked()[0]["request_id"] != before


def test_a_retry_while_the_refresh_runs_only_waits(company: Company) -> None:
    company.dataset.arrange("hold")
    defer(lambda: company.operator().execute({}))
    request_id = company.dataset.asked()[0]["request_id"]
    for _ in range(3):
        retry = defer(lambda: company.operator().execute({}))
        assert retry.trigger.serialize()[1]["request_id"] == request_id
    company.dataset.arrange("release")
    drive(company)
    assert len(company.dataset.asked()) == 1
    assert company.refreshed() == 1


def test_a_refresh_that_completed_unwatched_counts(company: Company) -> None:
    defer(lambda: company.operator().execute({}))
    _wait_until_done(company)
    drive(company)
    assert len(company.dataset.asked()) == 1
    assert company.refreshed() == 1


def test_a_refresh_that_failed_unwatched_is_asked_for_again(company: Company) -> None:
    company.dataset.arrange("fail_next")
    defer(lambda: company.operator().execute({}))
    _wait_until_done(company)
    drive(company)
    assert [each["status"] for each in company.dataset.asked()] == ["Failed", "Completed"]
    assert company.refreshed() == 1


def test_what_was_built_after_asking_is_asked_for_too(company: Company) -> None:
    company.dataset.arrange("hold")
    waiting = defer(lambda: company.operator().execute({}))
    company.build(2)
    company.dataset.arrange("release")
    again = defer(lambda: company.operator().resume({}, event=wake(waiting)))
    assert company.refreshed() == 1
    assert company.operator().resume({}, event=wake(again))["version"] == 2
    assert company.refreshed() == 2
    assert len(company.dataset.asked()) == 2


def _wait_until_done(company: Company) -> None:
    while company.dataset.asked()[-1]["status"] == "Unknown":
        time.sleep(0.05)


def test_of_two_tasks_at_the_same_moment_one_asks(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    company.dataset.arrange("hold")
    really_read = PowerBIHook.refreshes

    def read_and_be_overtaken(hook: PowerBIHook, *arguments: Any, **more: Any) -> History:
        history = really_read(hook, *arguments, **more)
        monkeypatch.setattr(PowerBIHook, "refreshes", really_read)
        defer(lambda: company.operator().execute({}))
        return history

    monkeypatch.setattr(PowerBIHook, "refreshes", read_and_be_overtaken)
    follower = defer(lambda: company.operator().execute({}))
    assert [each["request_id"] for each in company.dataset.asked()] == [
        follower.trigger.serialize()[1]["request_id"]
    ]


def test_two_runs_at_once_share_one_refresh(company: Company) -> None:
    company.dataset.arrange("hold")
    first = defer(lambda: company.operator().execute({}))
    second = defer(lambda: company.operator().execute({}))
    company.dataset.arrange("release")
    company.operator().resume({}, event=wake(first))
    with pytest.raises(AirflowSkipException, match="nothing to refresh"):
        company.operator().resume({}, event=wake(second))
    assert len(company.dataset.asked()) == 1


def test_a_refresh_that_does_not_end_in_time_fails(company: Company) -> None:
    company.dataset.arrange("hold")
    with pytest.raises(RefreshFailedError, match=r"has not ended after .*cancel it there if it hangs"):
        drive(company, refresh_timeout=timedelta(seconds=2))
    assert company.refreshed() == 0
    assert company.asked() == []


def test_a_service_that_denies_access_fails_for_good_and_leaves_nothing_behind(company: Company) -> None:
    body = {"error": {"code": "", "message": "API is not accessible for application"}}
    company.dataset.fault(method="POST", kind="status", status=403, body=body)
    with pytest.raises(
        AirflowFailException, match=r"not accessible for application.*allow service principals"
    ):
        drive(company)
    assert company.asked() == []


def test_a_sign_in_that_does_not_answer_fails_the_try_and_the_next_succeeds(
    service: PowerBIService, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        nowhere = f"https://127.0.0.1:{free_port()}"
        patch.setenv(CONNECTION, connection(service.sandbox, authority=nowhere))
        with pytest.raises(UnreachableError, match=r"Microsoft Entra.*does not answer") as raised:
            drive(company)
        assert SECRET not in str(raised.value)
    drive(company)
    assert company.refreshed() == 1


def test_the_trigger_looks_on_through_faults(company: Company) -> None:
    company.dataset.settings(refresh_seconds=1)
    waiting = defer(lambda: company.operator().execute({}))
    for fault in (
        {"kind": "status", "status": 503, "times": 2},
        {"kind": "status", "status": 429, "headers": {"Retry-After": "0"}},
        {"kind": "html"},
        {"kind": "reset"},
    ):
        company.dataset.fault(method="GET", **fault)
    event = wake(waiting)
    assert company.dataset.asked()[0]["status"] == "Completed"
    assert event == {"request_id": company.dataset.asked()[0]["request_id"]}


def test_the_trigger_leaves_a_refusal_to_the_task(company: Company) -> None:
    waiting = defer(lambda: company.operator().execute({}))
    company.dataset.fault(method="GET", kind="status", status=403, times=2)
    event = wake(waiting)
    with pytest.raises(AirflowFailException, match="denied access"):
        company.operator().resume({}, event=event)
    assert len(company.asked()) == 1
    drive(company)
    assert len(company.dataset.asked()) == 1


def test_a_slow_answer_does_not_hold_up_the_other_triggers(company: Company) -> None:
    waiting = defer(lambda: company.operator().execute({}))
    company.dataset.fault(method="GET", kind="slow", seconds=1)
    trigger = waiting.trigger

    async def beats_meanwhile() -> int:
        watching = asyncio.create_task(anext(trigger.run()))
        beats = 0
        while not watching.done():
            await asyncio.sleep(0.01)
            beats += 1
        return beats

    assert asyncio.run(beats_meanwhile()) > 20


def test_the_secret_is_in_no_log_trigger_event_or_result(
    company: Company, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    for name in ("azure", "msal", "httpx", "httpcore", "urllib3"):
        caplog.set_level(logging.DEBUG, logger=name)
    caplog.set_level(logging.DEBUG)
    waiting = defer(lambda: company.operator().execute({}))
    event = wake(waiting)
    result = company.operator().resume({}, event=event)
    stored = json.dumps([waiting.trigger.serialize(), event, result])
    written = caplog.text + "".join(capfd.readouterr())
    assert "Asked Power BI to refresh" in written
    assert "POST" in caplog.text
    for secret in (SECRET, PowerBIHook()._token(Service.POWER_BI)[:40]):
        assert secret not in written
        assert secret not in stored


def test_the_log_says_what_happens_and_what_is_next(
    company: Company, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    drive(company)
    assert not [record for record in caplog.records if record.name.startswith(("azure", "msal"))]
    request_id = company.dataset.asked()[0]["request_id"]
    said = [line for line in "".join(capfd.readouterr()).splitlines() if request_id in line]
    assert len(said) == 2
    assert "Asked Power BI to refresh" in said[0]
    assert "waiting for its end" in said[0]
    assert "completed in 0.2 s: the report shows version 1" in said[1]
