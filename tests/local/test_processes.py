"""Ending processes: everything that was started, children of any kind included, and no stranger."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from local import processes

SLEEP = ["/bin/sleep", "60"]


@pytest.fixture(autouse=True)
def nothing_left(folder: Path) -> Iterator[None]:
    yield
    for process in psutil.process_iter(["cwd"]):
        if process.info["cwd"] == str(folder):
            process.kill()


def start(command: list[str], folder: Path) -> subprocess.Popen[bytes]:
    return processes.start(command, dict(os.environ), folder=folder, log=folder / "log")


def python(code: str) -> list[str]:
    return [sys.executable, "-u", "-c", code]


def wait_for(happens: Callable[[], object]) -> None:
    for _ in range(400):
        if happens():
            return
        time.sleep(0.05)
    pytest.fail("it never happened")


def working_in(folder: Path) -> set[int]:
    found = set()
    for process in psutil.process_iter(["pid", "cwd", "status"]):
        if process.info["cwd"] == str(folder) and process.info["status"] != psutil.STATUS_ZOMBIE:
            found.add(process.info["pid"])
    return found


def test_what_is_started_writes_its_log_and_has_a_session_of_its_own(folder: Path) -> None:
    process = start(
        python("import sys, time; print('out'); print('err', file=sys.stderr); time.sleep(60)"), folder
    )
    wait_for(lambda: (folder / "log").read_text() == "out\nerr\n")
    assert os.getsid(process.pid) == process.pid != os.getsid(0)
    assert processes.is_running(process.pid, folder)
    processes.stop([process.pid], folder)
    assert not processes.is_running(process.pid, folder)


def test_children_are_ended_too_also_in_another_group_or_after_their_parent(folder: Path) -> None:
    code = (
        "import subprocess, time; "
        "[subprocess.Popen(['/bin/sleep', '60'], process_group=group) for group in (None, 0)]; "
    )
    living = start(python(code + "time.sleep(60)"), folder)
    dying = start(python(code), folder)
    dying.wait()
    wait_for(lambda: len(working_in(folder)) == 5)
    processes.stop([living.pid, dying.pid], folder)
    assert working_in(folder) == set()


def test_a_child_that_left_the_session_is_ended_with_its_parent(folder: Path) -> None:
    code = (
        "import subprocess, time; "
        "subprocess.Popen(['/bin/sleep', '60'], start_new_session=True); time.sleep(60)"
    )
    process = start(python(code), folder)
    wait_for(lambda: len(working_in(folder)) == 2)
    processes.stop([process.pid], folder)
    assert working_in(folder) == set()


def test_one_that_is_asked_may_end_in_an_orderly_way(folder: Path) -> None:
    code = (
        "import signal, sys, time; signal.signal(signal.SIGTERM, lambda *_: sys.exit(print('orderly'))); "
        "print('ready'); time.sleep(60)"
    )
    process = start(python(code), folder)
    wait_for(lambda: (folder / "log").read_text() == "ready\n")
    processes.stop([process.pid], folder)
    assert (folder / "log").read_text() == "ready\norderly\n"


def test_one_that_does_not_listen_is_killed(folder: Path) -> None:
    code = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('ready'); time.sleep(60)"
    )
    process = start(python(code), folder)
    wait_for(lambda: (folder / "log").read_text() == "ready\n")
    processes.stop([process.pid], folder, seconds=0.2)
    assert not processes.is_running(process.pid, folder)
    assert working_in(folder) == set()


def test_a_stranger_with_a_number_of_ours_is_left_alone(
    folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    stranger = start(SLEEP, elsewhere)
    # In our folder, like a shell that looks at a log, but nothing that was started for the stack.
    shell = subprocess.Popen(SLEEP, cwd=folder)
    try:
        assert not processes.is_running(stranger.pid, folder)
        assert not processes.is_running(shell.pid, folder)
        processes.stop([stranger.pid, shell.pid], folder)
        assert stranger.poll() is None
        assert shell.poll() is None
    finally:
        for process in (stranger, shell):
            process.kill()
            process.wait()
