"""Power BI's datasets and their refreshes, as the sandbox keeps them."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from sandbox.state import ENTRA_CLIENT
from sandbox.tmdl import Model
from sandbox.warehouse_reading import ImportedModel

QUOTA_SECONDS = 24 * 3600
CREDENTIALS_MISSING = "ModelRefreshFailed_CredentialsNotSpecified"


@dataclass
class Refresh:
    """One refresh; times are seconds of the dataset's own clock, ``ends`` is None while it is held."""

    id: str
    kind: str
    started: float
    visible: float
    ends: float | None
    outcome: str = "Completed"
    error: dict[str, str] | None = None
    body: dict[str, Any] = field(default_factory=dict)
    is_reading: bool = False
    """Whether the warehouse is still being read for it."""
    imported: ImportedModel | None = None

    def status(self, now: float) -> str:
        """Unknown while it runs, else how it ended."""
        return self.outcome if self.ends is not None and self.ends <= now else "Unknown"


@dataclass
class Dataset:
    """A dataset with its refreshes, oldest first, and what has been arranged for the next one."""

    id: str
    workspace_id: str
    name: str
    owner: str = ENTRA_CLIENT[0]
    model: Model | None = None
    """What was published; None of the datasets that the sandbox begins with, whose refreshes read nothing."""
    connection_id: str | None = None
    """The connection that its data source is bound to."""
    answers: dict[str, Any] = field(default_factory=dict)
    """What a column of a query's answer holds instead of what the model says."""
    users: dict[str, dict[str, str]] = field(default_factory=dict)
    schedule: dict[str, Any] = field(
        default_factory=lambda: {
            "days": [],
            "times": [],
            "enabled": False,
            "localTimeZoneId": "UTC",
            "notifyOption": "MailOnFailure",
        }
    )
    refreshes: list[Refresh] = field(default_factory=list)
    held: bool = False
    next_outcome: str = "Completed"
    next_error: dict[str, str] | None = None
    quota_cleared: float = 0.0
    clock_shift: float = 0.0

    def now(self) -> float:
        """The dataset's clock: a test may put it forward."""
        return time.time() + self.clock_shift

    def running(self) -> Refresh | None:
        """The refresh that runs now."""
        now = self.now()
        return next((refresh for refresh in self.refreshes if refresh.status(now) == "Unknown"), None)

    def counted(self) -> list[Refresh]:
        """Refreshes of the last 24 hours, of every origin, as the quota counts them."""
        since = max(self.now() - QUOTA_SECONDS, self.quota_cleared)
        return [refresh for refresh in self.refreshes if refresh.started > since]

    def seconds_until_room(self) -> int:
        """Whole seconds until the oldest refresh that counts is a day old."""
        oldest = min((refresh.started for refresh in self.counted()), default=self.now())
        return max(1, int(oldest + QUOTA_SECONDS - self.now()) + 1)

    def start(self, kind: str, seconds: float, lag: float, body: dict[str, Any] | None = None) -> Refresh:
        """Start a refresh; what was arranged for the next one is used up by it."""
        now = self.now()
        refresh = Refresh(
            str(uuid.uuid4()),
            kind,
            now,
            now + lag,
            None if self.held else now + seconds,
            self.next_outcome,
            self.next_error,
            body or {},
        )
        self.next_outcome, self.next_error = "Completed", None
        self.refreshes.append(refresh)
        return refresh

    def end(self, refresh: Refresh, outcome: str) -> None:
        """End a running refresh now."""
        refresh.ends, refresh.outcome = self.now(), outcome

    @property
    def newest_import(self) -> Refresh | None:
        """The refresh whose rows the model holds."""
        now = self.now()
        return next(
            (
                refresh
                for refresh in reversed(self.refreshes)
                if refresh.imported is not None and refresh.status(now) == "Completed"
            ),
            None,
        )

    @property
    def imported(self) -> ImportedModel | None:
        """What the model holds; None before its first refresh."""
        newest = self.newest_import
        return newest.imported if newest else None

    def forget_superseded(self) -> None:
        """Let go of rows that no query can reach any more."""
        newest = self.newest_import
        for refresh in self.refreshes:
            if refresh is not newest and not refresh.is_reading and refresh.status(self.now()) != "Unknown":
                refresh.imported = None

    def newest_first(self) -> Iterator[Refresh]:
        """What history shows, which is not yet the refresh of a moment ago."""
        now = self.now()
        return (refresh for refresh in reversed(self.refreshes) if refresh.visible <= now)
