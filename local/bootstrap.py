# ruff: noqa: PTH100, PTH110, PTH118, PTH120, PTH123, UP031, RUF005, S606
"""Makes the Python environment `.venv` that everything else runs in: `python3 local/bootstrap.py`.

Nothing but the standard library, and nothing that an old Python cannot parse, for it must get as far as
to say that it is too old. When the environment is whole and made from the present requirements.txt and
pyproject.toml, this does nothing, and needs no network.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
ENVIRONMENT = os.path.join(ROOT, ".venv")
PYTHON = os.path.join(ENVIRONMENT, "bin", "python")
# Written last, so that an environment without it is one that was never finished.
MARK = os.path.join(ENVIRONMENT, "made-from.sha256")
SOURCES = ("requirements.txt", "pyproject.toml")

OLDEST = (3, 11)
TOO_NEW = (3, 15)
UV = "uv==0.13.9"


class RefusalError(Exception):
    """One sentence: what is missing, and what to do."""


def main():
    """Makes the environment unless it is there, and gives the exit status."""
    try:
        problem = version_problem(sys.version_info)
        if problem:
            return _try_another_python(problem)
        make_unless_current()
    except RefusalError as refusal:
        sys.stderr.write("%s\n" % refusal)
        return 2
    except KeyboardInterrupt:
        sys.stderr.write("\nStopped. The next make begins the environment anew.\n")
        return 130
    return 0


def version_problem(version):
    """What is wrong with a Python of this version, as a sentence; None when nothing is."""
    if OLDEST <= tuple(version[:2]) < TOO_NEW:
        return None
    return (
        "Saldo needs Python 3.11 to 3.14, and this is %d.%d: install one of them, "
        "or say where one is, like make up PYTHON=/usr/bin/python3.12." % tuple(version[:2])
    )


def venv_problem():
    """What is missing to make a virtual environment, as a sentence; None when nothing is."""
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError:
        return (
            "This Python cannot make virtual environments: install its package for that "
            "(Debian and Ubuntu: apt install python3-venv) and run make again."
        )
    return None


def make_unless_current():
    """Makes `.venv` from nothing, unless a whole one stands that is made from the present sources.

    Raises:
        RefusalError: something is missing, or a step failed; the sentence says which and why.
    """
    if is_current():
        return
    # Two makes at once: the later one waits, and then finds the work done.
    with open(os.path.join(ROOT, SOURCES[0])) as lock:
        _wait_for(lock)
        if is_current():
            return
        problem = venv_problem()
        if problem:
            raise RefusalError(problem)
        _say("Making the Python environment .venv, once (Python %d.%d) ..." % sys.version_info[:2])
        began = time.time()
        shutil.rmtree(ENVIRONMENT, ignore_errors=True)
        uv = os.path.join(ENVIRONMENT, "bin", "uv")
        install = [uv, "pip", "install", "--quiet", "--python", PYTHON]
        _step("virtual environment", [sys.executable, "-m", "venv", ENVIRONMENT])
        _step("uv, the installer", [PYTHON, "-m", "pip", "install", "--quiet", "--no-input",
                                    "--disable-pip-version-check", UV])  # fmt: skip
        _step("pinned requirements", install + ["--requirements", os.path.join(ROOT, SOURCES[0])])
        _step("Saldo itself", install + ["--no-deps", "--no-build-isolation", "--editable", ROOT])
        with open(MARK, "w") as mark:
            mark.write(sources_hash())
        _say("The Python environment is ready (%d s)." % (time.time() - began))


def is_current():
    """Whether a whole environment stands, made from the present requirements.txt and pyproject.toml."""
    try:
        with open(MARK) as mark:
            return mark.read() == sources_hash() and os.path.exists(PYTHON)
    except OSError:
        return False


def sources_hash():
    """One hash of what the environment is made from."""
    digest = hashlib.sha256(UV.encode())
    for name in SOURCES:
        with open(os.path.join(ROOT, name), "rb") as source:
            digest.update(source.read())
    return digest.hexdigest()


def _try_another_python(problem):
    for minor in range(TOO_NEW[1] - 1, OLDEST[1] - 1, -1):
        candidate = shutil.which("python3.%d" % minor) if hasattr(shutil, "which") else None
        # A name alone proves nothing: version managers put names on PATH that they then refuse to run.
        if candidate and _runs(candidate, minor):
            os.execv(candidate, [candidate] + [os.path.abspath(__file__)])
    raise RefusalError(problem)


def _runs(python, minor):
    code = "import sys; sys.exit(sys.version_info[:2] != (3, %d))" % minor
    with open(os.devnull, "wb") as nothing:
        return subprocess.call([python, "-c", code], stdout=nothing, stderr=nothing) == 0


def _wait_for(lock):
    told = 0
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except OSError:
            if time.time() - told > 4:
                _say("Waiting for another make that is making the Python environment ...")
                told = time.time()
            time.sleep(0.2)


def _step(name, command):
    """Runs one step and says every 4 s that it still goes on; what it prints is shown when it fails."""
    # An environment that is active around us, or a PYTHONPATH, must not leak into this one.
    foreign = ("VIRTUAL_ENV", "PYTHONPATH", "PYTHONHOME")
    environment = {name: value for name, value in os.environ.items() if name not in foreign}
    _say("  %s ..." % name)
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, env=environment)
        began = told = time.time()
        try:
            while process.poll() is None:
                if time.time() - told > 4:
                    told = time.time()
                    _say("  %s ... %d s" % (name, told - began))
                time.sleep(0.1)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
        if process.returncode:
            output.seek(0)
            reason = output.read().decode("utf-8", "replace").strip()
            raise RefusalError(
                "%s\nThis step failed: %s. Is the package index (PyPI) within reach?" % (reason, name)
            )


def _say(line):
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
