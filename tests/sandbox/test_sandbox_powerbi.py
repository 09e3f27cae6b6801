"""Power BI's side: tokens by azure-identity over TLS, refreshes, their history, what stands in their way."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import ClientSecretCredential

from tests.sandbox.process import Sandbox

REFRESH_SECONDS = 60
SCOPE = "https://analysis.windows.net/powerbi/api/.default"


def credential(
    sandbox: Sandbox, secret: str = "sandbox-powerbi-secret", **options: Any
) -> ClientSecretCredential:
    return ClientSecretCredential(
        "sandbox-tenant",
        "sandbox-powerbi",
        secret,
        connection_verify=str(sandbox.ca_path),
        **{"authority": sandbox.token_url, "disable_instance_discovery": True, **options},
    )


@dataclass
class Dataset:
    """One company's dataset, seen from outside; ``arrange`` reaches behind the scenes."""

    sandbox: Sandbox
    id: str
    http: httpx.Client

    def refresh(self, **body: Any) -> httpx.Response:
        return self.http.post("/refreshes", json=body or {"notifyOption": "NoNotification"})

    def history(self, query: str = "") -> list[dict[str, Any]]:
        answer = self.http.get(f"/refreshes{query}")
        assert answer.status_code == 200
        entries: list[dict[str, Any]] = answer.json()["value"]
        return entries

    def newest_when_ended(self) -> dict[str, Any]:
        self.arrange("advance", seconds=REFRESH_SECONDS)
        return self.history("?$top=1")[0]

    def arrange(self, action: str, **more: Any) -> Any:
        return self.sandbox.admin("POST", f"datasets/{self.id}", {"action": action, **more})


@pytest.fixture
def dataset(spare: tuple[Sandbox, str]) -> Iterator[Dataset]:
    """A dataset of the test's own, on whose clock a minute passes only when the test says so."""
    sandbox, tenant = spare
    sandbox.admin("POST", "settings", {"refresh_seconds": REFRESH_SECONDS, "history_lag_seconds": 30})
    company = next(one for one in sandbox.companies() if one["tenant_id"] == tenant)
    workspace, wanted = company["workspace_id"], company["dataset_id"]
    token = credential(sandbox).get_token(SCOPE).token
    with httpx.Client(
        base_url=f"{sandbox.base_url}/v1.0/myorg/groups/{workspace}/datasets/{wanted}",
        headers={"Authorization": f"Bearer {token}"},
    ) as http:
        yield Dataset(sandbox, wanted, http)


def test_azure_identity_gets_its_token_by_address_and_by_name(sandbox: Sandbox) -> None:
    assert credential(sandbox).get_token(SCOPE).token.count(".") == 2
    named = sandbox.token_url.replace("127.0.0.1", "localhost")
    assert credential(sandbox, authority=named).get_token(SCOPE).expires_on > time.time() + 3000
    with pytest.raises(ClientAuthenticationError, match="AADSTS7000215"):
        credential(sandbox, "wrong").get_token(SCOPE)


def test_the_certificate_is_trusted_by_its_authority_alone(sandbox: Sandbox) -> None:
    with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
        httpx.get(sandbox.token_url)


def test_a_refresh_is_accepted_runs_and_completes(dataset: Dataset) -> None:
    answer = dataset.refresh()
    assert (answer.status_code, answer.content) == (202, b"")
    assert "x-ms-request-id" not in answer.headers
    assert "location" not in answer.headers
    assert dataset.history() == [], "history lags"
    dataset.arrange("advance", seconds=30)
    assert [entry["status"] for entry in dataset.history()] == ["Unknown"]
    ended = dataset.newest_when_ended()
    assert ended["requestId"] == answer.headers["RequestId"]
    assert (ended["refreshType"], ended["status"]) == ("ViaApi", "Completed")
    assert ended["startTime"] < ended["endTime"]
    posted = dataset.sandbox.admin("GET", "refreshes")
    assert [one["body"] for one in posted if one["dataset_id"] == dataset.id] == [
        {"notifyOption": "NoNotification"}
    ]
    url = str(dataset.http.base_url).rstrip("/")
    assert httpx.get(url, headers=dataset.http.headers).json()["id"] == dataset.id


def test_history_is_newest_first_and_can_be_cut(dataset: Dataset) -> None:
    ids = []
    for _ in range(3):
        ids.append(dataset.refresh().headers["RequestId"])
        dataset.arrange("advance", seconds=60)
    assert [entry["requestId"] for entry in dataset.history()] == ids[::-1]
    assert [entry["requestId"] for entry in dataset.history("?$top=2")] == ids[:0:-1]


@pytest.mark.parametrize("status", [400, 409])
def test_a_second_refresh_is_refused_while_one_runs(dataset: Dataset, status: int) -> None:
    dataset.sandbox.admin("POST", "settings", {"busy_status": status})
    dataset.arrange("hold")
    first = dataset.refresh()
    second = dataset.refresh()
    assert second.status_code == status
    assert "Another refresh request is already executing" in second.json()["error"]["message"]
    dataset.arrange("advance", seconds=3600)
    assert [entry["status"] for entry in dataset.history()] == ["Unknown"]
    dataset.arrange("release")
    assert dataset.newest_when_ended()["requestId"] == first.headers["RequestId"]


def test_a_refresh_of_others_is_in_the_way_too(dataset: Dataset) -> None:
    foreign = dataset.arrange("foreign", seconds=30)["request_id"]
    assert dataset.refresh().status_code == 400
    assert [(entry["requestId"], entry["refreshType"]) for entry in dataset.history()] == [
        (foreign, "Scheduled")
    ]
    dataset.arrange("advance", seconds=31)
    assert dataset.refresh().status_code == 202


def test_a_refresh_fails_with_the_reason_of_the_service(dataset: Dataset) -> None:
    dataset.arrange("fail_next", error_code="DM_GWPipeline_Gateway_InvalidConnectionCredentials")
    dataset.refresh()
    ended = dataset.newest_when_ended()
    assert ended["status"] == "Failed"
    assert "DM_GWPipeline_Gateway_InvalidConnectionCredentials" in ended["serviceExceptionJson"]
    dataset.refresh()
    assert dataset.newest_when_ended()["status"] == "Completed", "only the next one fails"


def test_a_refresh_is_cancelled_or_disabled(dataset: Dataset) -> None:
    dataset.arrange("hold")
    dataset.refresh()
    dataset.arrange("cancel")
    assert dataset.newest_when_ended()["status"] == "Cancelled"
    dataset.arrange("release")
    dataset.arrange("disable_next")
    dataset.refresh()
    assert dataset.newest_when_ended()["status"] == "Disabled"


def test_an_enhanced_refresh_can_be_watched_and_cancelled(dataset: Dataset) -> None:
    plain = dataset.refresh().headers["RequestId"]
    assert dataset.http.delete(f"/refreshes/{plain}").status_code == 404
    dataset.newest_when_ended()
    dataset.arrange("hold")
    answer = dataset.refresh(type="Full", commitMode="transactional")
    refresh_id = answer.headers["x-ms-request-id"]
    assert answer.headers["location"].endswith(f"/refreshes/{refresh_id}")
    running = dataset.http.get(f"/refreshes/{refresh_id}")
    assert (running.status_code, running.json()["extendedStatus"]) == (202, "InProgress")
    assert dataset.http.delete(f"/refreshes/{refresh_id}").status_code == 200
    ended = dataset.http.get(f"/refreshes/{refresh_id}")
    assert (ended.status_code, ended.json()["extendedStatus"]) == (200, "Cancelled")


def test_the_ninth_refresh_in_24_hours_is_refused(dataset: Dataset) -> None:
    dataset.arrange("foreign", seconds=0)
    for _ in range(7):
        dataset.arrange("advance", seconds=600)
        assert dataset.refresh().status_code == 202
    dataset.arrange("advance", seconds=60)
    refused = dataset.refresh()
    assert refused.status_code == 400
    assert refused.json() == {
        "error": {
            "code": "Request Throttled",
            "message": (
                "Invalid dataset refresh request. Number of refresh requests in last 24 hours exceeded limit"
            ),
        }
    }
    dataset.sandbox.admin("POST", "settings", {"quota_status": 429})
    wait = int(dataset.refresh().headers["retry-after"])
    assert 22 * 3600 < wait <= 23 * 3600
    dataset.arrange("advance", seconds=wait)
    assert dataset.refresh().status_code == 202, "the first of them is a day old"
    dataset.arrange("advance", seconds=60)
    assert dataset.refresh().status_code == 429
    dataset.arrange("clear_quota")
    assert dataset.refresh().status_code == 202


def test_strangers_and_other_workspaces_are_turned_away(dataset: Dataset) -> None:
    url = str(dataset.http.base_url)
    assert httpx.get(f"{url}refreshes").status_code == 401
    other = credential(dataset.sandbox).get_token("https://api.fabric.microsoft.com/.default").token
    assert httpx.get(f"{url}refreshes", headers={"Authorization": f"Bearer {other}"}).status_code == 401
    *_, another = dataset.sandbox.companies()
    crossed = re.sub(r"groups/[^/]+", f"groups/{another['workspace_id']}", url)
    assert crossed != url
    assert dataset.http.get(f"{crossed}refreshes").status_code == 404
    dataset.sandbox.admin("POST", "settings", {"power_bi_token_seconds": 0})
    form = {
        "grant_type": "client_credentials",
        "client_id": "sandbox-powerbi",
        "client_secret": "sandbox-powerbi-secret",
        "scope": SCOPE,
    }
    authority = f"{dataset.sandbox.token_url}/sandbox-tenant/oauth2/v2.0/token"
    stale = httpx.post(authority, data=form, verify=str(dataset.sandbox.ca_path)).json()["access_token"]
    answer = httpx.get(f"{url}refreshes", headers={"Authorization": f"Bearer {stale}"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "TokenExpired")
