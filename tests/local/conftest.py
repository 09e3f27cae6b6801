"""What these tests share."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that PostgreSQL's own user can reach as root, too: pytest keeps closing its own to others."""
    with tempfile.TemporaryDirectory(prefix="saldo-tests-") as folder:
        yield Path(folder)
