"""Waiting without a worker: until a moment, then the task goes on with what it knew."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

from airflow.triggers.base import BaseTrigger, TriggerEvent


class PauseTrigger(BaseTrigger):
    """Wakes a task at a moment (ISO 8601, with its zone) and hands `event` back to it."""

    def __init__(self, until: str, event: dict[str, Any]) -> None:
        """Both are plain JSON, to be stored."""
        super().__init__()  # type: ignore[no-untyped-call]
        self.until = until
        self.event = event

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """What Airflow stores until the moment."""
        return f"{__name__}.PauseTrigger", {"until": self.until, "event": self.event}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """One event, at the moment or at once when it has passed."""
        await asyncio.sleep(max(0.0, seconds_until(self.until)))
        yield event_of(self.event)


def event_of(payload: dict[str, Any]) -> TriggerEvent:
    """What a trigger hands back to its task."""
    return TriggerEvent(payload)  # type: ignore[no-untyped-call]


def seconds_until(moment: str) -> float:
    """From now to a moment (ISO 8601, with its zone); negative when it has passed."""
    return (datetime.fromisoformat(moment) - datetime.now(UTC)).total_seconds()
