"""The DAG's last task: the organization's Power BI dataset refreshed to what the warehouse holds."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NoReturn

from airflow.sdk import Asset, BaseOperator
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException
from airflow.triggers.base import BaseTrigger, TriggerEvent

from saldo.database import Role, connect, run
from saldo.pipeline.links import ReportLink
from saldo.pipeline.pausing import PauseTrigger, event_of, seconds_until
from saldo.pipeline.publish import LONGEST_WAIT, compare
from saldo.powerbi.errors import (
    AlreadyRunningError,
    FiguresDifferError,
    NotFoundError,
    PowerBIError,
    QuotaExceededError,
    RefreshFailedError,
    ThrottledError,
    UnconfirmedError,
)
from saldo.powerbi.history import QUOTA, RESERVE, History, Refresh
from saldo.powerbi.hook import PowerBIHook

if TYPE_CHECKING:
    from airflow.sdk import Context

_SLOWEST_POLL_SECONDS = 30.0
_SECONDS_BETWEEN_LOG_LINES = 60.0
# between the service's machine that answers and the one that writes down when a refresh started
_CLOCK_TOLERANCE = timedelta(seconds=2)


class RefreshTrigger(BaseTrigger):
    """Wakes the task when a refresh has ended; only looks, and never asks for anything.

    With `request_id` it watches that refresh. Without, it waits for one that started at `since` or later to
    appear in the history, and wakes as soon as it does. It wakes too when the history has not shown the
    refresh by `absent_until`, when it has not ended by `until`, and when looking is refused for good: the
    task then looks itself and decides. All moments are ISO 8601 with their zone. The event is
    `{"request_id": ...}`, the refresh that was watched or found, or null.
    """

    def __init__(
        self,
        powerbi_conn_id: str,
        workspace_id: str,
        dataset_id: str,
        request_id: str | None,
        since: str,
        absent_until: str,
        until: str,
        first_poll_seconds: float,
    ) -> None:
        """Plain JSON, to be stored; the secret stays in the connection."""
        super().__init__()  # type: ignore[no-untyped-call]
        self.powerbi_conn_id = powerbi_conn_id
        self.workspace_id = workspace_id
        self.dataset_id = dataset_id
        self.request_id = request_id
        self.since = since
        self.absent_until = absent_until
        self.until = until
        self.first_poll_seconds = first_poll_seconds

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """What Airflow stores while the task is deferred."""
        return f"{__name__}.RefreshTrigger", {
            "powerbi_conn_id": self.powerbi_conn_id,
            "workspace_id": self.workspace_id,
            "dataset_id": self.dataset_id,
            "request_id": self.request_id,
            "since": self.since,
            "absent_until": self.absent_until,
            "until": self.until,
            "first_poll_seconds": self.first_poll_seconds,
        }

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """One event, after which the task looks at the history itself."""
        hook = PowerBIHook(self.powerbi_conn_id, read_attempts=1)
        pause = self.first_poll_seconds
        seen = False
        unlogged_seconds = 0.0
        while True:
            # jitter: thousands of organizations are refreshed at the same minute
            slept = min(pause * random.uniform(0.8, 1.2), max(0.1, seconds_until(self.until)))  # noqa: S311
            await asyncio.sleep(slept)
            unlogged_seconds += slept
            if seconds_until(self.until) <= 0:
                break
            pause = min(pause * 1.5, max(_SLOWEST_POLL_SECONDS, self.first_poll_seconds))
            try:
                history = await asyncio.to_thread(hook.refreshes, self.workspace_id, self.dataset_id)
            except ThrottledError as error:
                self.log.info("%s", error)
                pause = max(pause, error.retry_after)
                continue
            except PowerBIError as error:
                if not error.passes:
                    break
                self.log.warning("%s; looking again in about %.0f s", error, pause)
                continue
            refresh = _seek(history, self.request_id, datetime.fromisoformat(self.since))
            if refresh is None:
                if not seen and seconds_until(self.absent_until) <= 0:
                    break
                continue
            seen = True
            if self.request_id is None or not refresh.is_running:
                yield event_of({"request_id": refresh.request_id})
                return
            if unlogged_seconds >= _SECONDS_BETWEEN_LOG_LINES:
                unlogged_seconds = 0.0
                self.log.info(
                    "Refresh %s is running in Power BI%s", refresh.request_id, _for_how_long(history, refresh)
                )
        yield event_of({"request_id": self.request_id})


def _seek(history: History, request_id: str | None, since: datetime) -> Refresh | None:
    """The refresh of that id or, where the id is not known, the first that started at `since` or later."""
    if request_id is not None:
        return history.find(request_id)
    return history.first_since(since)


@dataclass(frozen=True, slots=True)
class _Asked:
    """A refresh that was asked for (`request_id` once it is known), or put off until `due_at`."""

    built: int
    asked_at: datetime
    request_id: str | None
    due_at: datetime | None


@dataclass(frozen=True, slots=True)
class _State:
    workspace_id: str
    dataset_id: str
    is_published: bool
    built: int
    refreshed: int
    asked: _Asked | None


class PowerBIRefreshOperator(BaseOperator):
    """Refreshes an organization's Power BI dataset to the version that the warehouse has built.

    Green means that the refresh completed. Skipped means that there was nothing to refresh, or that Power BI
    takes no refresh before a time that the log names. Each try starts from what control.refresh and the
    dataset's history tell, so a try that was killed is gone on with and its refresh never asked for twice. A
    refresh of somebody else is waited for: it may have read the warehouse before our data was there. All
    waiting is deferral.

    Returns `{"request_id", "version", "seconds"}` of the refresh that completed.

    Args:
        organization_id: the organization, from the registry.
        powerbi_conn_id: the Airflow connection of `PowerBIHook`.
        refresh_timeout: how long a refresh may run; Power BI itself stops one after 2 hours without and
            5 hours with a capacity.
        history_lag: for how long a refresh may be missing in the dataset's history after it was asked for.
        first_poll_seconds: the first look after asking; later ones come ever slower, to one in 30 s.
    """

    ui_color = "#f2c811"
    operator_extra_links = (ReportLink(),)

    def __init__(
        self,
        *,
        organization_id: int,
        powerbi_conn_id: str = PowerBIHook.default_conn_name,
        refresh_timeout: timedelta = timedelta(hours=5),
        history_lag: timedelta = timedelta(minutes=3),
        first_poll_seconds: float = 2.0,
        **kwargs: Any,
    ) -> None:
        """Keeps what it is given; nothing is looked up when a DAG is parsed."""
        super().__init__(**kwargs)
        self.organization_id = organization_id
        self.powerbi_conn_id = powerbi_conn_id
        self.refresh_timeout = refresh_timeout
        self.history_lag = history_lag
        self.first_poll_seconds = first_poll_seconds

    def execute(self, context: Context) -> dict[str, Any]:
        """Asks for a refresh, or goes on with one that an earlier try asked for."""
        return self._report(context, self._go_on({}))

    def resume(self, context: Context, event: dict[str, Any] | None = None) -> dict[str, Any]:
        """Goes on after waiting; `event` is what this try knows of before."""
        return self._report(context, self._go_on(event or {}))

    def _report(self, context: Context, completed: dict[str, Any]) -> dict[str, Any]:
        """The version that the dataset shows now, in its asset's event."""
        for asset in self.outlets:
            if isinstance(asset, Asset):
                context["outlet_events"][asset].extra = {
                    name: completed[name] for name in ("version", "seconds")
                }
        return completed

    def _go_on(self, event: dict[str, Any]) -> dict[str, Any]:
        try:
            return self._to_the_end(event)
        except NotFoundError as error:
            if not self._read().is_published:
                raise AirflowFailException(str(error)) from None
            with connect(Role.TRANSFORMER, self.organization_id) as connection:
                run(connection, "control/publication_lost")
            raise AirflowFailException(
                "The model that Saldo published is gone from Power BI: the next run publishes it again"
            ) from None
        except PowerBIError as error:
            if error.passes:
                raise
            raise AirflowFailException(str(error)) from None

    def _to_the_end(self, event: dict[str, Any]) -> dict[str, Any]:
        hook = PowerBIHook(self.powerbi_conn_id)
        completed: dict[str, Any] | None = None
        while True:
            state = self._read()
            if state.asked is None:
                if state.refreshed >= state.built:
                    if completed:
                        return completed
                    raise AirflowSkipException(
                        f"The report shows version {state.refreshed}, the newest: nothing to refresh"
                    )
                self._ask(hook, state, event)
            elif state.asked.due_at is not None:
                self._stop_until_due(state.asked, state.asked.due_at)
            else:
                completed = self._follow(hook, state, state.asked, event) or completed

    def _ask(self, hook: PowerBIHook, state: _State, event: dict[str, Any]) -> None:
        """Asks for a refresh and defers until it ends; returns only when another process was quicker."""
        history = self._history(hook, state, event)
        running = history.running()
        if running is not None:
            started_at = running.started_at or history.as_of
            # one that hangs is not waited for: whether it is in the way is for the service to say
            if history.as_of - started_at < self.refresh_timeout:
                self.log.info(
                    "Refresh %s is running in Power BI and may have begun before version %d was built: "
                    "waiting for its end before asking for ours",
                    running.request_id,
                    state.built,
                )
                self._watch(state, history, running.request_id, started_at)
        is_on_capacity = hook.is_on_capacity(state.workspace_id)
        free_at = None if is_on_capacity else history.reserve_frees_at()
        # the last of the day's is kept for a model that shows nothing yet, and for people
        if free_at is not None and state.refreshed:
            self._hold_back(
                state,
                QuotaExceededError(
                    f"{QUOTA - RESERVE} of the dataset's {QUOTA} refreshes in 24 hours are used, and the "
                    "last is kept in reserve"
                ),
                free_at - history.as_of,
                event,
            )
        asked = _Asked(state.built, _moment_to_ask(history), request_id=None, due_at=None)
        if not self._intend(asked):
            return
        try:
            request_id = hook.start_refresh(
                state.workspace_id, state.dataset_id, is_on_capacity=is_on_capacity
            )
        except UnconfirmedError as error:
            self.log.warning("%s: looking in the history whether Power BI took it", error)
            request_id = None
        except AlreadyRunningError as error:
            self._end(asked)
            self._wait_for_unseen(error, event, hangs=running is not None)
        except QuotaExceededError as error:
            self._end(asked)
            self._hold_back(state, error, history.quota_frees_at() - history.as_of, event)
        except ThrottledError as error:
            self._end(asked)
            self._hold_back(state, error, timedelta(seconds=error.retry_after), event)
        except PowerBIError:
            self._end(asked)
            raise
        else:
            self.log.info(
                "Asked Power BI to refresh dataset %s to version %d, request %s: waiting for its end",
                state.dataset_id,
                state.built,
                request_id or "(not named in the answer)",
            )
        if request_id is not None:
            self._accepted(asked, request_id)
        self._watch(state, history, request_id, asked.asked_at)

    def _follow(
        self, hook: PowerBIHook, state: _State, asked: _Asked, event: dict[str, Any]
    ) -> dict[str, Any] | None:
        """Looks at the refresh that was asked for: defers while it runs, ends it when it has ended."""
        history = self._history(hook, state, event)
        refresh = _seek(history, asked.request_id, asked.asked_at)
        age = history.as_of - asked.asked_at
        if refresh is None and age >= self.history_lag and asked.request_id is not None:
            # whichever refresh began after we asked has read what we asked it to read
            refresh = _seek(history, None, asked.asked_at)
        if refresh is None:
            if age < self.history_lag:
                self.log.info(
                    "The history does not show %s yet: looking again in %.0f s",
                    f"refresh {asked.request_id}" if asked.request_id else "the refresh that was asked for",
                    self.first_poll_seconds,
                )
                self._watch(state, history, asked.request_id, asked.asked_at)
            self._end(asked)
            if asked.request_id is None:
                self.log.warning("An earlier try was stopped before its request reached Power BI: asking now")
                return None
            raise RefreshFailedError(
                f"Power BI took refresh {asked.request_id} {_minutes(age)} ago, and the dataset's history "
                "shows no trace of it",
                advice="The next try asks for a new one",
            )
        if asked.request_id != refresh.request_id:
            self.log.info(
                "The refresh asked for at %s is %s", _clock_time(asked.asked_at), refresh.request_id
            )
            self._accepted(asked, refresh.request_id)
        if refresh.is_running:
            if age >= self.refresh_timeout:
                self._end(asked)
                raise RefreshFailedError(
                    f"Refresh {refresh.request_id} has not ended after {_minutes(age)}",
                    advice="Look at it in the dataset's refresh history and cancel it there if it hangs; "
                    "the next try waits for it or asks for a new one",
                )
            self.log.info(
                "Refresh %s is running in Power BI%s: waiting for its end",
                refresh.request_id,
                _for_how_long(history, refresh),
            )
            self._watch(state, history, refresh.request_id, asked.asked_at)
        if refresh.is_completed and state.is_published and asked.built == state.built:
            self._compare(hook, state, asked)
        self._end(asked, refreshed=refresh.is_completed)
        if refresh.is_completed:
            seconds = _seconds_of(refresh)
            self.log.info(
                "Refresh %s completed in %.1f s: the report shows version %d",
                refresh.request_id,
                seconds,
                asked.built,
            )
            return {"request_id": refresh.request_id, "version": asked.built, "seconds": seconds}
        if event.get("request_id") == refresh.request_id:
            raise refresh.failure()
        self.log.warning("An earlier try's refresh failed, asking for a new one: %s", refresh.failure())
        return None

    def _compare(self, hook: PowerBIHook, state: _State, asked: _Asked) -> None:
        """The model's figures against the warehouse's; other figures leave the version unrefreshed."""
        try:
            compare(hook, self.organization_id, state.workspace_id, state.dataset_id)
        except FiguresDifferError:
            self._end(asked)
            raise
        self.log.info("Power BI shows the warehouse's total assets, result and receivables, to the öre")

    def _history(self, hook: PowerBIHook, state: _State, event: dict[str, Any]) -> History:
        try:
            return hook.refreshes(state.workspace_id, state.dataset_id)
        except ThrottledError as error:
            wait = timedelta(seconds=error.retry_after)
            if state.asked is None:
                self._hold_back(state, error, wait, event)
            self.log.info("%s: looking again then", error)
            self._pause(wait, event)

    def _hold_back(
        self, state: _State, error: PowerBIError, wait: timedelta, event: dict[str, Any]
    ) -> NoReturn:
        """Waits when Power BI takes a request again soon; else ends the task skipped, with a due time."""
        now = datetime.now(UTC)
        since = event.get("held_back_since", now.isoformat())
        if now + wait - datetime.fromisoformat(since) <= LONGEST_WAIT:
            self.log.info("%s: waiting %.0f s before asking again", error, wait.total_seconds())
            self._pause(wait, event | {"held_back_since": since})
        due_at = now + wait
        self.log.warning("%s", error)
        with connect(Role.TRANSFORMER, self.organization_id) as connection:
            run(
                connection,
                "control/refresh_put_off",
                {"built": state.built, "asked_at": now, "due_at": due_at},
            )
        raise AirflowSkipException(_put_off_sentence(due_at))

    def _wait_for_unseen(self, error: AlreadyRunningError, event: dict[str, Any], *, hangs: bool) -> NoReturn:
        """Waits for a refresh that is in the way of ours and that the history does not show."""
        now = datetime.now(UTC)
        since = event.get("refused_since", now.isoformat())
        waited = now - datetime.fromisoformat(since)
        if hangs or waited >= self.refresh_timeout:
            raise error
        # ever longer, because a refused request may count in the dataset's quota too
        wait = max(timedelta(seconds=5 * self.first_poll_seconds), min(waited, LONGEST_WAIT))
        self.log.info("%s: looking again in %.0f s", error, wait.total_seconds())
        self._pause(wait, event | {"refused_since": since})

    def _stop_until_due(self, put_off: _Asked, due_at: datetime) -> None:
        if due_at > datetime.now(UTC):
            raise AirflowSkipException(_put_off_sentence(due_at))
        self._end(put_off)

    def _pause(self, wait: timedelta, event: dict[str, Any]) -> NoReturn:
        until = datetime.now(UTC) + wait
        self.defer(trigger=PauseTrigger(until.isoformat(), event), method_name="resume")

    def _watch(self, state: _State, history: History, request_id: str | None, since: datetime) -> NoReturn:
        # spans, because the moments are the service's clock and the trigger goes by its own machine's
        now = datetime.now(UTC)
        age = history.as_of - since
        self.defer(
            trigger=RefreshTrigger(
                powerbi_conn_id=self.powerbi_conn_id,
                workspace_id=state.workspace_id,
                dataset_id=state.dataset_id,
                request_id=request_id,
                since=since.isoformat(),
                absent_until=(now + self.history_lag - age).isoformat(),
                until=(now + self.refresh_timeout - age).isoformat(),
                first_poll_seconds=self.first_poll_seconds,
            ),
            method_name="resume",
        )

    def _read(self) -> _State:
        with connect(Role.TRANSFORMER, self.organization_id) as connection:
            row = run(connection, "control/refresh_read").fetchone()
        if row is None:
            raise AirflowFailException(
                f"No organization {self.organization_id} is registered: connect it with `saldo connect`"
            )
        (
            workspace_id,
            dataset_id,
            is_published,
            refreshed,
            asked_built,
            asked_at,
            request_id,
            due_at,
            built,
        ) = row
        if not workspace_id or not dataset_id:
            raise AirflowSkipException("This organization's report is not published yet: nothing to refresh")
        asked = None if asked_at is None else _Asked(asked_built, asked_at, request_id, due_at)
        return _State(workspace_id, dataset_id, is_published, built, refreshed, asked)

    def _intend(self, asked: _Asked) -> bool:
        """Writes down that a refresh is about to be asked for; False when another process has."""
        with connect(Role.TRANSFORMER, self.organization_id) as connection:
            parameters = {"built": asked.built, "asked_at": asked.asked_at}
            return run(connection, "control/refresh_ask", parameters).fetchone() is not None

    def _accepted(self, asked: _Asked, request_id: str) -> None:
        with connect(Role.TRANSFORMER, self.organization_id) as connection:
            parameters = {"asked_at": asked.asked_at, "request_id": request_id}
            run(connection, "control/refresh_accepted", parameters)

    def _end(self, asked: _Asked, *, refreshed: bool = False) -> None:
        with connect(Role.TRANSFORMER, self.organization_id) as connection:
            if refreshed:
                run(connection, "control/version_refreshed", {"built": asked.built})
            run(connection, "control/refresh_end", {"asked_at": asked.asked_at})


def _moment_to_ask(history: History) -> datetime:
    """A moment of the service's clock that ours starts after, and every refresh known by now before."""
    known = [each.started_at + timedelta.resolution for each in history.refreshes if each.started_at]
    return max([history.as_of - _CLOCK_TOLERANCE, *known])


def _put_off_sentence(due_at: datetime) -> str:
    return (
        f"Power BI takes no refresh of this dataset before {due_at:%Y-%m-%d %H:%M} UTC: "
        "the first run after that refreshes the report"
    )


def _seconds_of(refresh: Refresh) -> float:
    if refresh.started_at is None or refresh.ended_at is None:
        return 0.0
    return (refresh.ended_at - refresh.started_at).total_seconds()


def _for_how_long(history: History, refresh: Refresh) -> str:
    return f" for {_minutes(history.as_of - refresh.started_at)}" if refresh.started_at else ""


def _minutes(span: timedelta) -> str:
    seconds = max(0.0, span.total_seconds())
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"


def _clock_time(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%H:%M:%S} UTC"
