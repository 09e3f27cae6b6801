"""Where a company approves the operator's app, with the scopes of the modules that are asked for.

Fortnox developer pages, Authorization, "Get Authorization-Code". One scope that the company has no licence
for fails the whole approval, so the modules are chosen.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlencode

from airflow.sdk import BaseHook

from saldo.fortnox.hook import OAUTH_URL, FortnoxHook
from saldo.fortnox.resources import CATALOGUE

# What the books and the company's own name need: never left out.
ALWAYS = ("companyinformation", "bookkeeping", "settings", "costcenter", "project")


@dataclass(frozen=True, slots=True)
class App:
    """The operator's own Fortnox app: its client id, and where Fortnox's login is."""

    client_id: str
    oauth_url: str


def app() -> App | None:
    """The app of the connection fortnox_default; None where it is not set up."""
    from airflow.sdk.exceptions import AirflowNotFoundException

    try:
        found = BaseHook.get_connection(FortnoxHook.default_conn_name)
    except AirflowNotFoundException:
        return None
    if not found.login or not found.password:
        return None
    return App(found.login, str(found.extra_dejson.get("oauth_url") or OAUTH_URL).rstrip("/"))


def modules() -> list[str]:
    """The scopes that a company may leave out, since it may lack their licence, by name."""
    return sorted({resource.scope for resource in CATALOGUE.values()} - set(ALWAYS))


def scopes(chosen: Iterable[str]) -> list[str]:
    """The scopes to ask for: what is always needed and those of `chosen` that Saldo knows."""
    wanted = set(chosen)
    return [*ALWAYS, *(module for module in modules() if module in wanted)]


def address(of: App, redirect_uri: str, state: str, asked: Iterable[str]) -> str:
    """Where the browser is sent; a service account outlives the person who approves."""
    return f"{of.oauth_url}/auth?" + urlencode(
        {
            "client_id": of.client_id,
            "redirect_uri": redirect_uri,
            "scope": " ".join(asked),
            "state": state,
            "access_type": "offline",
            "response_type": "code",
            "account_type": "service",
        }
    )
