"""Lines for whoever waits: at once when something happened, and at least every few seconds in between."""

from __future__ import annotations

import threading
import time
from types import TracebackType
from typing import Self


class Progress:
    """Prints what happens, with the seconds since the beginning, and what is going on while nothing does."""

    def __init__(self, every: float = 4.0) -> None:
        """Args: every: the longest silence, in seconds."""
        self._every = every
        self._began = time.monotonic()
        self._told = self._began
        self._doing: dict[int, str] = {}
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._ticker = threading.Thread(target=self._tick, daemon=True)

    @property
    def seconds(self) -> float:
        """Seconds since the beginning."""
        return time.monotonic() - self._began

    def say(self, line: str) -> None:
        """Prints a line."""
        with self._lock:
            print(f"{self.seconds:4.0f} s  {line}", flush=True)
            self._told = time.monotonic()

    def doing(self, what: str = "") -> None:
        """Sets what this thread is at, repeated while it lasts; nothing when it is done."""
        with self._lock:
            self._doing.pop(threading.get_ident(), None)
            if what:
                self._doing[threading.get_ident()] = what

    def __enter__(self) -> Self:
        """Begins to break the silence."""
        self._ticker.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Leaves it to others to speak."""
        self._ended.set()
        self._ticker.join()

    def _tick(self) -> None:
        while not self._ended.wait(0.2):
            with self._lock:
                silent = time.monotonic() - self._told >= self._every
                going_on = ", ".join(self._doing.values())
            if silent:
                self.say(f"... {going_on}" if going_on else "...")
