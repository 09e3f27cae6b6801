"""The embedded PostgreSQL: by TCP alone, with a password from the first moment, there again after a crash."""

from __future__ import annotations

import os
import secrets
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import psycopg
import pytest

from local import LocalError
from local.postgres import EmbeddedPostgres
from tests.sandbox.process import free_port

pytestmark = pytest.mark.database


@pytest.fixture
def server(folder: Path) -> Iterator[EmbeddedPostgres]:
    server = EmbeddedPostgres(folder / "postgres", free_port(), secrets.token_urlsafe(12), durable=False)
    yield server
    server.stop()


def answer(server: EmbeddedPostgres, question: str) -> object:
    with psycopg.connect(server.url("postgres")) as connection:
        row = connection.execute(question).fetchone()
        assert row is not None
        return row[0]


def test_it_starts_stops_and_starts_again_with_its_data(server: EmbeddedPostgres) -> None:
    assert not server.is_running()
    server.start()
    server.start()
    assert server.is_running()
    assert str(answer(server, "show server_version")).startswith("18.")
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        connection.execute("create table kept as select 1 as one")
    server.stop()
    server.stop()
    assert not server.is_running()
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(server.url("postgres"))
    server.start()
    assert answer(server, "select one from kept") == 1


def test_nobody_comes_in_without_the_password(server: EmbeddedPostgres) -> None:
    server.start()
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(server.url("postgres", password="guessed"))
    with pytest.raises(psycopg.OperationalError, match="no password supplied"):
        psycopg.connect(f"host=127.0.0.1 port={server.port} user=postgres dbname=postgres passfile=/dev/null")
    rules = "select string_agg(type || ' ' || address || ' ' || auth_method, ',') from pg_hba_file_rules"
    assert answer(server, rules) == "host 127.0.0.1 scram-sha-256"
    assert answer(server, "show unix_socket_directories") == ""
    assert answer(server, "show listen_addresses") == "127.0.0.1"
    hashed = "select bool_and(rolpassword like 'SCRAM-SHA-256$%') from pg_authid where rolcanlogin"
    assert answer(server, hashed) is True


def test_any_password_will_do(folder: Path) -> None:
    password = "it's \\ 100% å:@/?#"
    with EmbeddedPostgres(folder / "postgres", free_port(), password, durable=False) as server:
        assert answer(server, "select 1") == 1


def test_a_path_too_long_for_a_socket_is_fine(folder: Path) -> None:
    deep = folder / ("x" * 100) / ("y" * 100)
    deep.mkdir(parents=True)
    with EmbeddedPostgres(deep / "postgres", free_port(), "secret", durable=False) as server:
        assert answer(server, "select 1") == 1


def test_sorting_does_not_depend_on_the_language_of_the_machine(
    server: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANG", "sv_SE.UTF-8")
    server.start()
    database = "select datlocale || ' ' || pg_encoding_to_char(encoding) from pg_database limit 1"
    assert answer(server, database) == "C.UTF-8 UTF8"
    assert answer(server, "select lower('ÅÄÖ')") == "åäö"


def test_the_data_is_for_the_server_alone(server: EmbeddedPostgres) -> None:
    server.start()
    assert stat.S_IMODE(server.data.stat().st_mode) == 0o700
    owner = psutil.Process(_postmaster(server)).username()
    assert owner == ("pgserver" if os.geteuid() == 0 else psutil.Process().username())


def test_it_outlives_who_started_it_and_holds_no_pipe_of_theirs(server: EmbeddedPostgres) -> None:
    code = (
        "import sys; from pathlib import Path; from local.postgres import EmbeddedPostgres; "
        "EmbeddedPostgres(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]).start(); print('up')"
    )
    # Returns only when every process that inherited the pipe has closed it.
    ended = subprocess.run(
        [sys.executable, "-c", code, str(server.directory), str(server.port), server.password],
        capture_output=True, text=True, check=True, timeout=60, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert ended.stdout == "up\n"
    assert ended.stderr == ""
    assert server.is_running()
    assert answer(server, "select 1") == 1


def test_after_a_crash_it_recovers_what_was_committed(server: EmbeddedPostgres) -> None:
    server.durable = True
    server.start()
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        connection.execute("create table kept as select generate_series(1, 1000) as number")
    _crash(server)
    assert not server.is_running()
    server.start()
    assert answer(server, "select count(*) from kept") == 1000


def test_a_stale_file_that_names_a_living_stranger_does_not_hinder(server: EmbeddedPostgres) -> None:
    server.start()
    _crash(server)
    file = server.data / "postmaster.pid"
    lines = file.read_text().splitlines()
    stranger = subprocess.Popen(["/bin/sleep", "60"], user=file.stat().st_uid)
    try:
        file.write_text("\n".join([str(stranger.pid), *lines[1:]]) + "\n")
        assert not server.is_running()
        server.stop()
        assert stranger.poll() is None, "stop() must not signal a stranger"
        server.start()
        assert answer(server, "select 1") == 1
    finally:
        stranger.kill()
        stranger.wait()


def test_a_cluster_that_was_never_finished_is_made_anew(server: EmbeddedPostgres) -> None:
    unfinished = server.directory / "data.unfinished"
    unfinished.mkdir(parents=True)
    (unfinished / "PG_VERSION").write_text("18\n")
    server.start()
    assert answer(server, "select 1") == 1
    assert not unfinished.exists()


def test_a_taken_port_is_one_sentence_with_the_reason(server: EmbeddedPostgres, folder: Path) -> None:
    server.start()
    other = EmbeddedPostgres(folder / "other", server.port, "secret", durable=False)
    with pytest.raises(
        LocalError, match=r"PostgreSQL's pg_ctl failed: .*could not bind.*Address already in use"
    ):
        other.start()
    assert not other.is_running()


def test_another_port_needs_a_stop_first(server: EmbeddedPostgres) -> None:
    server.start()
    elsewhere = EmbeddedPostgres(server.directory, free_port(), server.password)
    with pytest.raises(LocalError, match=f"already runs, on port {server.port}: stop it first"):
        elsewhere.start()


def _postmaster(server: EmbeddedPostgres) -> int:
    return int((server.data / "postmaster.pid").read_text().splitlines()[0])


def _crash(server: EmbeddedPostgres) -> None:
    postmaster = psutil.Process(_postmaster(server))
    family = [postmaster, *postmaster.children(recursive=True)]
    for process in family:
        # The others end by themselves when the first is gone, some sooner than they are killed.
        with suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(family, timeout=10)
