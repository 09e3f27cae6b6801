"""Whoever waits hears something all the time, and what it is about."""

from __future__ import annotations

import time

import pytest

from local.progress import Progress


def test_silence_is_broken_with_what_is_going_on(capsys: pytest.CaptureFixture[str]) -> None:
    said = ""
    with Progress(every=0.01) as progress:
        progress.doing("PostgreSQL starts")
        for _ in range(200):
            said += capsys.readouterr().out
            if said.count("... PostgreSQL starts") >= 2:
                break
            time.sleep(0.05)
    assert said.count("... PostgreSQL starts") >= 2


def test_what_happens_is_said_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    with Progress(every=3600) as progress:
        progress.say("PostgreSQL on port 8432")
        assert capsys.readouterr().out == "   0 s  PostgreSQL on port 8432\n"
