"""Airflow's own API server with Saldo's pages in it, and people who are logged in to it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from tests.sandbox.process import Sandbox, running_sandbox

PEOPLE = ("admin", "op", "viewer")
ADDRESS = "http://testserver"
Browsing = Callable[[str], TestClient]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """A sandbox of the pages' own: what its companies approve stays with them."""
    with running_sandbox("--companies", "demo") as running:
        yield running


@pytest.fixture(scope="session")
def airflow_server(airflow_database: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[object]:
    """The API server's application, in this process."""
    from airflow.api_fastapi.app import create_app, purge_cached_app

    passwords = tmp_path_factory.mktemp("airflow") / "passwords.json"
    passwords.write_text(json.dumps({person: person for person in PEOPLE}))
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {
            "CORE__SIMPLE_AUTH_MANAGER_USERS": ",".join(f"{person}:{person}" for person in PEOPLE),
            "CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(passwords),
            "API__BASE_URL": ADDRESS,
            "API__SECRET_KEY": "tests-" * 12,
            "API_AUTH__JWT_SECRET": "tests-" * 12,
        }.items():
            patch.setenv(f"AIRFLOW__{name}", value)
        purge_cached_app()
        yield create_app(apps="all")
        purge_cached_app()


@pytest.fixture
def browse(airflow_server: object) -> Iterator[Browsing]:
    """A browser of a person's own, logged in; `anonymous` is not."""
    opened: list[TestClient] = []

    def of(person: str) -> TestClient:
        client = TestClient(airflow_server, base_url=ADDRESS, follow_redirects=False)  # type: ignore[arg-type]
        client.__enter__()
        opened.append(client)
        if person != "anonymous":
            answer = client.post("/auth/token", json={"username": person, "password": person})
            client.cookies.set("_token", answer.json()["access_token"])
        return client

    yield of
    for client in opened:
        client.__exit__(None, None, None)


@pytest.fixture
def pages() -> Path:
    """The folder of templates."""
    return Path(__file__).parents[2] / "include" / "pages"
