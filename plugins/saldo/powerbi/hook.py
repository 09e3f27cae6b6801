"""Signs in to Power BI and Fabric and speaks to them: addresses, tokens, retries, refreshes and queries."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from enum import Enum
from functools import cached_property
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote

import httpx
import tenacity
from airflow.sdk import BaseHook
from airflow.sdk.exceptions import AirflowNotFoundException

from saldo.powerbi.answers import LONGEST_REASON, as_json, check, name_of, said
from saldo.powerbi.errors import (
    AccessDeniedError,
    NotConfiguredError,
    NotSetUpError,
    PowerBIError,
    UnconfirmedError,
    UnreachableError,
)
from saldo.powerbi.history import History, history_of

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential

VIEWER = "Viewer"
LOGIN = "https://login.microsoftonline.com"

_TIMEOUT = httpx.Timeout(60, connect=10)
_HISTORY_LENGTH = 30

_Answer = TypeVar("_Answer")


class Service(Enum):
    """The two APIs: where they are, the extra that says where else, and what a token must be for.

    Fabric REST API, "Microsoft Fabric REST API identity support"; Power BI REST API, "Datasets".
    """

    POWER_BI = ("https://api.powerbi.com", "base_url", "https://analysis.windows.net/powerbi/api/.default")
    FABRIC = ("https://api.fabric.microsoft.com", "fabric_url", "https://api.fabric.microsoft.com/.default")

    def __init__(self, url: str, extra: str, scope: str) -> None:
        """Names the parts of a member."""
        self.url = url
        self.extra = extra
        self.scope = scope


class PowerBIHook(BaseHook):
    """Speaks to Power BI and Fabric as a service principal.

    The connection: login and password are the application's client id and secret; extra has `tenant_id` and,
    away from the public cloud, `base_url`, `fabric_url`, `authority` (https) and `verify` (the CA file of the
    authority). Without a secret, extra's `auth` names another way: `certificate` (its file in `certificate`,
    its passphrase as password), `workload_identity` or `managed_identity`. What publishing needs to know is
    in the extra too (`saldo.powerbi.publishing.Target`).
    Reading is retried `read_attempts` times; what changes something is sent once.
    """

    conn_name_attr = "powerbi_conn_id"
    default_conn_name = "powerbi_default"
    conn_type = "powerbi_saldo"
    hook_name = "Power BI (Saldo)"

    def __init__(self, powerbi_conn_id: str = default_conn_name, *, read_attempts: int = 4) -> None:
        """Reads the connection at first use, not here."""
        super().__init__()
        self.powerbi_conn_id = powerbi_conn_id
        self.read_attempts = read_attempts

    def is_on_capacity(self, workspace_id: str) -> bool:
        """Whether the workspace has a capacity ("Get Groups"): refreshes are then not counted by the day.

        Raises:
            PowerBIError: it could not be read.
        """
        only_this = {"$filter": f"id eq '{workspace_id}'"}
        found = self.get(Service.POWER_BI, "/v1.0/myorg/groups", only_this).get("value") or []
        return any(
            each.get("isOnDedicatedCapacity") is True for each in found if each.get("id") == workspace_id
        )

    def start_refresh(
        self, workspace_id: str, dataset_id: str, *, is_on_capacity: bool = False
    ) -> str | None:
        """Asks for a refresh, once; returns its request id where the answer names it.

        In a capacity it is the enhanced one, which either replaces all tables or none.

        Raises:
            AlreadyRunningError: the dataset is being refreshed; nothing was asked for.
            QuotaExceededError: it has had its refreshes of the last 24 hours.
            ThrottledError: too many requests; `retry_after` says how long to wait.
            UnconfirmedError: the answer was lost; the history will tell.
            PowerBIError: any other refusal.
        """
        response = self.send(
            Service.POWER_BI,
            "POST",
            self._refreshes_path(workspace_id, dataset_id),
            {"type": "Full", "commitMode": "transactional"}
            if is_on_capacity
            else {"notifyOption": "NoNotification"},
        )
        # a plain refresh is named by RequestId alone, an enhanced one by the other two
        location: str = response.headers.get("Location", "")
        request_id: str | None = response.headers.get("x-ms-request-id")
        return request_id or location.rstrip("/").rsplit("/", 1)[-1] or response.headers.get("RequestId")

    def refreshes(self, workspace_id: str, dataset_id: str, *, top: int = _HISTORY_LENGTH) -> History:
        """The dataset's latest refreshes, newest first. A fresh one may be missing for some minutes.

        Raises:
            PowerBIError: the history could not be read.
        """

        path = self._refreshes_path(workspace_id, dataset_id)
        return self._reading(lambda: history_of(self._get(Service.POWER_BI, path, {"$top": top})))

    def take_over(self, workspace_id: str, dataset_id: str) -> None:
        """Makes this service principal the owner of a dataset ("Take Over In Group").

        Raises:
            PowerBIError: it was refused.
        """
        self.send(
            Service.POWER_BI, "POST", f"{self._dataset_path(workspace_id, dataset_id)}/Default.TakeOver"
        )

    def query(self, workspace_id: str, dataset_id: str, dax: str) -> list[dict[str, Any]]:
        """The rows that a DAX query gives, by column name in brackets ("Execute Queries In Group").

        Raises:
            PowerBIError: it was refused; of a model with row-level security it always is.
        """
        body = {"queries": [{"query": dax}], "serializerSettings": {"includeNulls": True}}
        path = f"{self._dataset_path(workspace_id, dataset_id)}/executeQueries"

        def ask() -> list[dict[str, Any]]:
            answer = as_json(self.send(Service.POWER_BI, "POST", path, body))
            try:
                rows: list[dict[str, Any]] = answer["results"][0]["tables"][0]["rows"]
            except (KeyError, IndexError, TypeError):
                raise UnreachableError("Power BI's answer to a query lacks its rows") from None
            return rows

        return self._reading(ask)

    def readers(self, workspace_id: str) -> dict[str, str]:
        """Who may do what in a workspace: the right by address or id, in lower case.

        Raises:
            PowerBIError: it could not be read.
        """
        path = f"/v1.0/myorg/groups/{quote(workspace_id, safe='')}/users"
        users = self.get(Service.POWER_BI, path).get("value") or []
        return {
            str(user.get("emailAddress") or user.get("identifier") or "").lower(): str(
                user.get("groupUserAccessRight") or ""
            )
            for user in users
        }

    def add_reader(self, workspace_id: str, address: str) -> None:
        """Lets somebody read the workspace's reports ("Add Group User", Viewer).

        Raises:
            PowerBIError: it was refused.
        """
        body = {"identifier": address, "groupUserAccessRight": VIEWER, "principalType": "User"}
        path = f"/v1.0/myorg/groups/{quote(workspace_id, safe='')}/users"
        self.send(Service.POWER_BI, "POST", path, body)

    def remove_reader(self, workspace_id: str, address: str) -> None:
        """Takes somebody's right to read away ("Delete User In Group").

        Raises:
            PowerBIError: it was refused.
        """
        path = f"/v1.0/myorg/groups/{quote(workspace_id, safe='')}/users/{quote(address, safe='@')}"
        self.send(Service.POWER_BI, "DELETE", path)

    @cached_property
    def extra(self) -> dict[str, Any]:
        """What the connection's extra says."""
        return dict(self._connection.extra_dejson)

    def test_connection(self) -> tuple[bool, str]:
        """Signs in and lists workspaces; for the button of Airflow's connection form."""
        try:
            found = self.get(Service.POWER_BI, "/v1.0/myorg/groups", {"$top": 1}).get("value")
        except PowerBIError as error:
            return False, str(error)
        if not found:
            return True, (
                "Signed in, but the service principal sees no workspace: add it to the workspaces it works in"
            )
        return True, "Signed in, and the service principal sees at least one workspace"

    def _reading(self, read: Callable[[], _Answer]) -> _Answer:
        retrying = tenacity.Retrying(
            stop=tenacity.stop_after_attempt(self.read_attempts),
            wait=tenacity.wait_random_exponential(multiplier=0.5, max=8),
            retry=tenacity.retry_if_exception_type(UnreachableError),
            reraise=True,
        )
        return retrying(read)

    def get(self, service: Service, path: str, parameters: dict[str, Any] | None = None) -> dict[str, Any]:
        """Reads one object, trying again where the service is in trouble.

        Raises:
            PowerBIError: it could not be read.
        """
        return self._reading(lambda: as_json(self._get(service, path, parameters or {})))

    def send(
        self, service: Service, method: str, path: str, body: dict[str, Any] | None = None
    ) -> httpx.Response:
        """Sends a change, once.

        Raises:
            UnconfirmedError: the answer was lost; whether it was done is to be looked up.
            PowerBIError: it was refused.
        """
        headers = self._headers(service)
        try:
            response = httpx.request(
                method, self._base_url(service) + path, json=body, headers=headers, timeout=_TIMEOUT
            )
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise self._unreachable(service, error) from None
        except httpx.TransportError as error:
            raise UnconfirmedError(
                f"Power BI's answer to {method} {path} was lost", reason=name_of(error)
            ) from None
        if response.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise UnconfirmedError(
                f"Power BI answered {method} {path} with {response.status_code}", reason=said(response)[1]
            )
        check(response)
        return response

    def _get(self, service: Service, path: str, parameters: dict[str, Any]) -> httpx.Response:
        headers = self._headers(service)
        try:
            response = httpx.get(
                self._base_url(service) + path, params=parameters, headers=headers, timeout=_TIMEOUT
            )
        except httpx.TransportError as error:
            raise self._unreachable(service, error) from None
        if response.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise UnreachableError(
                f"Power BI answered with {response.status_code}",
                reason=said(response)[1],
                advice="The next try goes on from here",
            )
        check(response)
        return response

    def _unreachable(self, service: Service, error: httpx.TransportError) -> UnreachableError:
        return UnreachableError(
            f"Power BI at {self._base_url(service)} does not answer",
            reason=name_of(error),
            advice="Check the network from Airflow's workers to it; the next try goes on from here",
        )

    def _dataset_path(self, workspace_id: str, dataset_id: str) -> str:
        # a service principal may use no path without the workspace
        workspace, dataset = quote(workspace_id, safe=""), quote(dataset_id, safe="")
        return f"/v1.0/myorg/groups/{workspace}/datasets/{dataset}"

    def _refreshes_path(self, workspace_id: str, dataset_id: str) -> str:
        return f"{self._dataset_path(workspace_id, dataset_id)}/refreshes"

    @cached_property
    def _connection(self) -> Any:
        try:
            return self.get_connection(self.powerbi_conn_id)
        except AirflowNotFoundException:
            raise NotSetUpError(
                f"There is no Airflow connection {self.powerbi_conn_id}",
                advice="Make one of type Power BI (Saldo) where reports are to be in Power BI",
            ) from None

    def _base_url(self, service: Service) -> str:
        return str(self.extra.get(service.extra) or service.url).rstrip("/")

    @cached_property
    def _credential(self) -> TokenCredential:
        # these libraries tell of each request at INFO: noise in a task's log, and the client id with it
        for name in ("azure", "msal"):
            if (logger := logging.getLogger(name)).level == logging.NOTSET:
                logger.setLevel(logging.WARNING)
        ways = {
            "client_secret": self._by_secret,
            "certificate": self._by_certificate,
            "workload_identity": self._by_workload_identity,
            "managed_identity": self._by_managed_identity,
        }
        way = ways.get(self.extra.get("auth") or "client_secret")
        if way is None:
            raise NotConfiguredError(
                f"The Airflow connection {self.powerbi_conn_id} names a way to sign in that there is not: "
                f"{self.extra['auth']}",
                advice=f"Set `auth` in its extra to one of {', '.join(ways)}",
            )
        return way()

    def _by_secret(self) -> TokenCredential:
        from azure.identity import ClientSecretCredential

        self._require("password (client secret)", self._connection.password)
        return ClientSecretCredential(
            *self._application(), str(self._connection.password), **self._sign_in_options()
        )

    def _by_certificate(self) -> TokenCredential:
        from azure.identity import CertificateCredential

        path = self._require("extra certificate", self.extra.get("certificate"))
        if not Path(path).is_file():
            raise NotConfiguredError(
                f"The certificate {path} of the Airflow connection {self.powerbi_conn_id} is not there",
                advice="Correct `certificate` in its extra",
            )
        return CertificateCredential(
            *self._application(), path, password=self._connection.password or None, **self._sign_in_options()
        )

    def _by_workload_identity(self) -> TokenCredential:
        from azure.identity import WorkloadIdentityCredential

        given = {
            "client_id": self._connection.login or None,
            "tenant_id": self.extra.get("tenant_id"),
            "token_file_path": self.extra.get("token_file"),
        }
        return WorkloadIdentityCredential(
            **{name: value for name, value in given.items() if value}, **self._sign_in_options()
        )

    def _by_managed_identity(self) -> TokenCredential:
        from azure.identity import ManagedIdentityCredential

        return ManagedIdentityCredential(client_id=self._connection.login or None)

    def _application(self) -> tuple[str, str]:
        """The tenant's and the application's id."""
        tenant = self._require("extra tenant_id", self.extra.get("tenant_id"))
        return tenant, self._require("login (client id)", self._connection.login)

    def _require(self, name: str, value: str | None) -> str:
        if not value:
            raise NotConfiguredError(
                f"The Airflow connection {self.powerbi_conn_id} lacks {name}",
                advice="Fill it in from the app registration in Entra",
            )
        return value

    def _sign_in_options(self) -> dict[str, Any]:
        options: dict[str, Any] = {"retry_total": 1, "connection_timeout": 10, "read_timeout": 30}
        if authority := self.extra.get("authority"):
            options |= {"authority": authority, "disable_instance_discovery": authority.rstrip("/") != LOGIN}
        if verify := self.extra.get("verify"):
            if not Path(verify).is_file():
                raise NotConfiguredError(
                    f"The CA file {verify} of the Airflow connection {self.powerbi_conn_id} is not there",
                    advice="Correct `verify` in its extra, or take it away",
                )
            options["connection_verify"] = verify
        return options

    def _headers(self, service: Service) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._token(service)}"}

    def _token(self, service: Service) -> str:
        from azure.core.exceptions import AzureError, ClientAuthenticationError

        credential = self._credential
        refused = False
        try:
            return credential.get_token(service.scope).token
        except ClientAuthenticationError as error:
            refused, reason = True, error.message
        except AzureError as error:
            reason = error.message
        # outside the handlers: the library's exceptions hold the request, and the request the secret
        code = found[0] if (found := re.search(r"AADSTS\d+", reason)) else ""
        if refused and code:
            raise AccessDeniedError(
                f"Microsoft Entra refused to sign in the service principal of {self.powerbi_conn_id}",
                reason=reason[:LONGEST_REASON],
                advice="Check client id, client secret (has it expired?) and tenant id of the connection "
                "against the app registration",
            )
        raise UnreachableError(
            "Microsoft Entra, where Power BI's service principals sign in, does not answer as it should",
            reason=reason[:LONGEST_REASON],
            advice="Check the network from Airflow's workers to it; the next try goes on from here",
        )
