"""Callers of a running sandbox, by plain HTTP: nothing of the product stands between test and answer."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.sandbox.process import Sandbox

FORTNOX_CLIENT = ("sandbox-client", "sandbox-secret")


def ask_for_token(sandbox: Sandbox, tenant: str | None, **form: str) -> httpx.Response:
    """The token endpoint's answer to the sandbox's client."""
    return httpx.post(
        f"{sandbox.base_url}/oauth-v1/token",
        auth=FORTNOX_CLIENT,
        headers={"TenantId": tenant} if tenant else {},
        data={"grant_type": "client_credentials", **form},
        verify=False,
    )


@dataclass
class Fortnox:
    """One tenant's Fortnox."""

    http: httpx.Client

    @classmethod
    def of(cls, sandbox: Sandbox, tenant: str) -> Fortnox:
        """With a fresh token."""
        return cls.by(sandbox, ask_for_token(sandbox, tenant).json()["access_token"])

    @classmethod
    def by(cls, sandbox: Sandbox, token: str) -> Fortnox:
        """With that token."""
        return cls.with_headers(sandbox, {"Authorization": f"Bearer {token}"})

    @classmethod
    def with_headers(cls, sandbox: Sandbox, headers: dict[str, str]) -> Fortnox:
        """With what the headers say of who asks."""
        return cls(
            httpx.Client(
                base_url=f"{sandbox.base_url}/3/",
                headers=headers,
                verify=False,  # plain http: no certificates to read
            )
        )

    def get(self, path: str) -> httpx.Response:
        """GET /3/{path}."""
        return self.http.get(path)

    def json(self, path: str) -> Any:
        """The body of a successful answer."""
        answer = self.get(path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def sie(self, year: int, kind: int = 4) -> str:
        """The SIE file of a financial year, decoded."""
        return self.get(f"sie/{kind}?financialyear={year}").content.decode("cp437")


def all_of(fortnox: Fortnox, path: str, query: str = "") -> list[dict[str, Any]]:
    """Every record of a list, page by page of 500; some lists have one page, and do not say so."""
    records: list[dict[str, Any]] = []
    while True:
        body = fortnox.json(f"{path}?limit=500&page={len(records) // 500 + 1}&{query}")
        meta = body.pop("MetaInformation", None)
        [page] = body.values()
        records += page
        if meta is None or meta["@CurrentPage"] >= meta["@TotalPages"]:
            return records


def companies_file(directory: Path, *companies: dict[str, Any]) -> str:
    """The companies as a file for --companies; what is left out of each is a calendar year of 60 vouchers."""
    usual = {"seed": 7, "vouchers": 60, "years": [{"from": "2025-01-01", "to": "2025-12-31"}]}
    path = directory / "companies.json"
    path.write_text(json.dumps([{**usual, "name": "Prövningen AB", **company} for company in companies]))
    return str(path)
