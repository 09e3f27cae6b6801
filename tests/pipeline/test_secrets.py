"""No secret in what runs leave behind that go wrong: logs, errors, XCom, rendered fields, DAGs, control."""

from __future__ import annotations

import json
import logging
import traceback
from collections.abc import Iterable
from typing import Any

import httpx
import pytest

from saldo import encryption
from saldo.fortnox import connecting
from tests.leaks import LEAKS, TOKEN, Leaks
from tests.pipeline.conftest import TENANT, Company
from tests.sandbox.faults import ANSWERS
from tests.support import Run, dag_of

pytestmark = pytest.mark.database

ALWAYS = 100_000
# A refresh token says not whose it is before it is looked at.
LOGIN: dict[str, Any] = {"path_contains": "/oauth-v1/token", "tenant": None, "times": ALWAYS}
BACK = "https://saldo.example/callback"


def approve(company: Company) -> None:
    """Connects the company by the approval of a person, so that there is a refresh token too."""
    company.settings(access={TENANT: {"service_account": False}})
    asked = {
        "client_id": "sandbox-client",
        "scope": "companyinformation bookkeeping customer",
        "state": "s",
        "access_type": "offline",
        "response_type": "code",
        "redirect_uri": BACK,
        "tenant": TENANT,
    }
    answer = httpx.get(f"{company.sandbox.base_url}/oauth-v1/auth", params=asked)
    connecting.connect_with_code(answer.headers["location"])


def stored_tokens(company: Company) -> list[str]:
    """What is kept encrypted of the company's access, in clear."""
    [found] = company.warehouse.rows("select access_token, refresh_token from control.credential")
    return [encryption.decrypt(bytes(token)) for token in found if token is not None]


def left_by(runs: Iterable[Run]) -> Iterable[tuple[str, str]]:
    """What runs leave, by where it stands."""
    for run in runs:
        yield "XCom", json.dumps([[*key, value] for key, value in run.xcoms.items()])
        for task, error in run.errors.items():
            yield f"error of {task}", "".join(traceback.format_exception(error)) + repr(error)


def in_dag(dag: Any) -> Iterable[tuple[str, str]]:
    from airflow.serialization.serialized_objects import DagSerialization

    yield "serialized DAG", json.dumps(DagSerialization.to_dict(dag))
    for task in dag.tasks:
        yield (
            f"rendered fields of {task.task_id}",
            str({name: getattr(task, name) for name in task.template_fields}),
        )


def in_control(company: Company) -> Iterable[tuple[str, str]]:
    for (table,) in company.warehouse.rows("select tablename from pg_tables where schemaname = 'control'"):
        for (row,) in company.warehouse.rows(f'select source::text from control."{table}" as source'):
            yield f"control.{table}", row


def test_no_secret_stands_in_what_failing_runs_leave(
    company: Company,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    caplog.set_level(logging.DEBUG)
    approve(company)
    tokens = stored_tokens(company)
    assert len(tokens) == 2
    runs = [
        *company.run("scopes missing"),
        *_failing(company, {**ANSWERS["500"], "path_contains": "/3/customers", "times": ALWAYS}),
        *_failing(company, {**ANSWERS["reset before it"], "path_contains": "/3/", "times": ALWAYS}),
        *_failing(company, {**ANSWERS["HTML with 200"], **LOGIN}),
        *_failing(company, {**ANSWERS["502 in HTML"], **LOGIN}),
    ]
    tokens += stored_tokens(company)
    with monkeypatch.context() as patch:
        patch.setenv("AIRFLOW__SALDO__ENCRYPTION_KEYS", "YW5vdGhlciBrZXkgYW5vdGhlciBrZXkgYW5vdGhlciE=")
        runs += company.run("under another key")
    with monkeypatch.context() as patch:
        patch.setenv("AIRFLOW_CONN_SALDO_WAREHOUSE", "postgresql://saldo_app:app-password@127.0.0.1:9/gone")
        runs += company.run("without a warehouse")
    company.settings(access={TENANT: {"revoked": True}})
    company.warehouse.execute("update control.credential set expires_at = now()")
    runs += company.run("revoked")
    assert len({type(error) for run in runs for error in run.errors.values()}) >= 5, (
        "the runs fail in all ways"
    )

    secrets = Leaks([*LEAKS.known(), *tokens, "YW5vdGhlciBrZXkgYW5vdGhlciBrZXkgYW5vdGhlciE="])
    logged = caplog.text + "".join(capfd.readouterr())
    assert "Connect the company again" in logged or "extract" in logged
    places = [("log", logged), *left_by(runs), *in_dag(dag_of(company.organization)), *in_control(company)]
    assert {"XCom", "error of extract.changes", "control.sync_status"} <= {place for place, _ in places}
    for place, text in places:
        secrets.look_through(text, place)
    assert secrets.found == []


def _failing(company: Company, fault: dict[str, Any]) -> list[Run]:
    """A run that needs a token and meets the fault."""
    company.warehouse.execute("update control.credential set expires_at = now()")
    company.faults(fault)
    try:
        return company.run(str(fault["kind"]))
    finally:
        company.mend()


@pytest.mark.parametrize(
    "text",
    ["before sandbox-secret after", b"sandbox-secret".hex(), TOKEN],
    ids=["in clear", "as bytes", "token"],
)
def test_a_secret_is_found_and_not_shown_again(text: str) -> None:
    leaks = Leaks(LEAKS.known())

    leaks.look_through(text, "here")
    leaks.look_through("nothing of that kind", "there")

    assert len(leaks.found) == 1
    assert leaks.found[0].startswith("here: ")
    assert "sandbox-secret" not in leaks.found[0]
