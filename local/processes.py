"""Processes that outlive the command that starts them, and are found and ended again without a mistake.

Each is started as the leader of a session of its own, working in a folder that is the stack's alone.
A process belongs to the stack when it is in such a session *and* works in that folder: a stranger who
got the number of a process that ended fulfils neither. Process groups would not do, because an Airflow
task leaves its worker's group; nor would creation times, because they move when the clock is set.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import psutil


def start(
    command: Sequence[str], environment: Mapping[str, str], *, folder: Path, log: Path
) -> subprocess.Popen[bytes]:
    """Starts a process that keeps running when this one ends. What it prints goes to `log`, made anew."""
    with log.open("wb") as output:
        return subprocess.Popen(
            command,
            env=dict(environment),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def is_running(pid: int, folder: Path) -> bool:
    """Whether the process that was started in `folder` under this number still runs."""
    try:
        return os.getsid(pid) == pid and Path(psutil.Process(pid).cwd()) == folder
    except (ProcessLookupError, PermissionError, psutil.Error):
        return False


def stop(pids: Iterable[int], folder: Path, *, seconds: float = 20) -> None:
    """Ends sessions started in `folder`, children included; what does not end in time is killed.

    Only the leaders are asked to end, for they end their children in an orderly way.
    """
    leaders = list(pids)
    known = _with_children(_members(leaders, folder))
    for process in known:
        if process.pid in leaders:
            _signal(process, signal.SIGTERM)
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        _, alive = psutil.wait_procs([process for process in known if process.pid in leaders], timeout=0.2)
        if not alive:
            break
    # Whatever a leader has left behind, or started while it was ending.
    while left := [p for p in {*known, *_members(leaders, folder)} if _is_alive(p)]:
        for process in left:
            _signal(process, signal.SIGKILL)
        psutil.wait_procs(left, timeout=1)


def _members(leaders: list[int], folder: Path) -> list[psutil.Process]:
    found = []
    for pid in psutil.pids():
        try:
            if os.getsid(pid) in leaders:
                process = psutil.Process(pid)
                if Path(process.cwd()) == folder:
                    found.append(process)
        except (ProcessLookupError, PermissionError, psutil.Error):
            continue
    return found


def _with_children(processes: list[psutil.Process]) -> list[psutil.Process]:
    known = {process.pid: process for process in processes}
    for process in processes:
        try:
            known |= {child.pid: child for child in process.children(recursive=True)}
        except psutil.Error:
            continue
    return list(known.values())


def _is_alive(process: psutil.Process) -> bool:
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.Error:
        return False


def _signal(process: psutil.Process, number: signal.Signals) -> None:
    with suppress(psutil.Error):
        process.send_signal(number)
