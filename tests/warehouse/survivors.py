"""The mutants that nothing catches, each with the reason why it changes nothing."""

from __future__ import annotations

SURVIVORS: dict[str, str] = {}
