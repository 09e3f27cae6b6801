"""Makes the Python environment of a peer: ``python -m benchmarks.peers.environment dlt`` prints its Python.

The environment lies in Saldo's own (.venv/peers), so that it goes with it, and is made again when the peer's
pins change. Making it takes the package index; one that stands takes nothing.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

_HERE = Path(__file__).parent
_VENV = Path(sys.prefix)
_OUT_OF_REACH = ("error sending request", "the network was disabled")


class OutOfReachError(Exception):
    """The peer is not installed and the package index cannot be reached; the message says why."""


def python_of(peer: str) -> Path:
    """The Python that the peer is installed in; made at first, one process at a time.

    Raises:
        OutOfReachError: it is not installed and there is no network to install it by.
        subprocess.CalledProcessError: installing it fails for any other reason.
    """
    pins = _HERE / f"{peer}.txt"
    made_from = hashlib.sha256(pins.read_bytes() + sys.version.encode()).hexdigest()
    directory = _VENV / "peers" / peer
    python, mark = directory / "bin" / "python", directory / "made-from.sha256"
    directory.parent.mkdir(parents=True, exist_ok=True)
    with (directory.parent / f"{peer}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (mark.exists() and mark.read_text() == made_from):
            shutil.rmtree(directory, ignore_errors=True)
            _uv("venv", "--python", sys.executable, str(directory))
            _uv("pip", "install", "--python", str(python), "--require-hashes", "--requirements", str(pins))
            mark.write_text(made_from)  # last, so that one without it was never finished
    return python


def clean_environment() -> dict[str, str]:
    """The shell's variables without those that would lead a peer into another Python."""
    foreign = ("PYTHON", "VIRTUAL_ENV", "AIRFLOW", "SALDO")
    return {name: value for name, value in os.environ.items() if not name.startswith(foreign)}


def _uv(*arguments: str) -> None:
    uv = _VENV / "bin" / "uv"
    done = subprocess.run(
        [uv, *arguments, "--quiet"], env=clean_environment(), capture_output=True, text=True, check=False
    )
    if done.returncode == 0:
        return
    if any(words in done.stderr for words in _OUT_OF_REACH):
        raise OutOfReachError(done.stderr.strip().splitlines()[-1].strip())
    raise subprocess.CalledProcessError(done.returncode, done.args, done.stdout, done.stderr)


if __name__ == "__main__":
    print(python_of(sys.argv[1]))
