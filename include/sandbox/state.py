"""What a running sandbox knows: companies, settings, who asked for what, faults that wait."""

from __future__ import annotations

import uuid
from collections import Counter, defaultdict, deque
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, model_validator

from sandbox.books import Company
from sandbox.resource import LastModified

STOCKHOLM = ZoneInfo("Europe/Stockholm")

FORTNOX_CLIENT = ("sandbox-client", "sandbox-secret")
ENTRA_TENANT = "sandbox-tenant"
ENTRA_CLIENT = ("sandbox-powerbi", "sandbox-powerbi-secret")
NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "https://saldo.example/sandbox")
ENTRA_OBJECT = str(uuid.uuid5(NAMESPACE, "service principal"))
"""The service principal's object id, by which workspaces and connections know it."""
DAILY_QUOTA = 8
"""Refreshes of a dataset in 24 hours where its workspace has no capacity."""


class Access(BaseModel):
    """What one company lets the integration do; each of these may change while tokens are out."""

    model_config = ConfigDict(extra="forbid")

    revoked: bool = Field(
        default=False,
        description="the customer ended it: no token is given and none works until this is undone",
    )
    service_account: bool = Field(
        default=True, description="consented as a service account; False until a consent with account_type"
    )
    missing_scopes: set[str] = Field(default_factory=set, description="2000663 where they are needed")
    unlicensed_scopes: set[str] = Field(default_factory=set, description="2001101 where they are needed")
    api_licence: bool = Field(default=True, description="without it every request is answered by 2001103")
    contracts: bool = Field(default=True, description='without it contracts are "Feature inte tillgänglig"')
    refusal_status: Literal[400, 403] = Field(
        default=400, description="HTTP status of these refusals; both have been seen for 2000663"
    )


class Settings(BaseModel):
    """Everything that a test or a demo may turn while the sandbox runs."""

    model_config = ConfigDict(extra="forbid", validate_assignment=True)

    latency_ms: int = Field(default=200, ge=0, description="time that a Fortnox answer takes")
    gzip: bool = Field(default=True, description="compress longer JSON for clients that take it")
    token_seconds: int = Field(default=3600, ge=0, description="life of a Fortnox token")
    refresh_token_seconds: int = Field(default=45 * 86_400, ge=0)
    authorization_code_seconds: int = Field(default=600, ge=0)
    redirect_uri: str | None = Field(default=None, description="the one registered; None takes any")
    access: dict[str, Access] = Field(
        default_factory=dict,
        description="by tenant; POST replaces them all, and who is left out allows all",
    )
    api_code_tenant: str | None = Field(
        default=None, description="who still speaks the older API-kod exchange: at first the last company"
    )
    api_code: str = Field(default="sandbox-api-kod", description="its API-kod; another one is unused again")
    requests_per_window: int = Field(default=25, ge=1, description="Fortnox's limit per client and tenant")
    window_seconds: float = Field(default=5.0, gt=0)
    today: date | None = Field(default=None, description="the sandbox's today, for #GEN and the current year")
    now: datetime | None = Field(
        default=None, description="what changes are stamped with, naive Swedish time; None is the real time"
    )
    locked_until: dict[str, date] = Field(
        default_factory=dict, description="by tenant: the last day of its locked period, if it has one"
    )
    power_bi_token_seconds: int = Field(default=3599, ge=0)
    refresh_seconds: float = Field(default=4.0, ge=0, description="time that a refresh runs")
    history_lag_seconds: float = Field(default=0.5, ge=0, description="time until history shows a refresh")
    busy_status: Literal[400, 409] = Field(default=400, description="answer to a refresh while one runs")
    quota: int = Field(
        default=DAILY_QUOTA,
        ge=0,
        description="refreshes of a dataset in 24 hours; more than eight are told as a capacity",
    )
    last_modified: dict[str, LastModified] = Field(
        default_factory=dict,
        description="lastmodified by tenant/resource or by resource: honoured, ignored or refused",
    )
    quota_status: Literal[400, 429] = 400
    long_running: bool = Field(
        default=True, description="whether Fabric answers what takes a while with 202 and an operation"
    )
    operation_seconds: float = Field(default=0.5, ge=0, description="time that an operation takes")
    retry_after: int = Field(
        default=1, ge=0, description="what Fabric says about an operation; the real one said 20 and 120"
    )
    operation_host: str | None = Field(
        default=None, description="host name of an operation's Location; None is the one that was asked"
    )
    page_size: int = Field(default=100, ge=1, description="records on a page of Fabric's lists")
    reserved_seconds: float = Field(
        default=3.0, ge=0, description="time until the name of a deleted item is free: minutes in life"
    )
    updates_unbind: bool = Field(
        default=False, description="whether a model loses its connection when it is updated, as some report"
    )
    warehouse_tls: bool = Field(
        default=False, description="whether an Encrypted connection insists on TLS, as it does in life"
    )
    rows_kept: int = Field(default=200_000, ge=0, description="rows of a table that a refresh keeps")
    queries_per_minute: int = Field(default=120, ge=0, description="queries of models, by caller")


class Fault(BaseModel):
    """A fault for the next ``times`` requests that match, once ``after`` of them have passed.

    Faults are used up in the order they were given.

    Instead of the right answer:
      status        ``status`` (500) with ``body`` as JSON, {} by default; "" is no body at all
      html          ``status`` (200) with a page, or with ``body``
      json          ``status`` (200) with ``body``: another shape, or "" for none
      reset         the connection is reset before anything is said, and nothing is done
      lost          the same, but what was asked for is done
    The right answer, but:
      slow          after ``seconds``, which may be longer than the client waits
      cut           half of what its length promises, and the connection ends
      reset_midway  half of it, and the connection is reset
      short         its first half, said to be all
      cut_gzip      compressed, and the first half of that said to be all
      content       one ``field`` of one ``record`` is another: see ``raw``
    """

    model_config = ConfigDict(extra="forbid")

    method: str | None = None
    path_contains: str = Field(
        default="", description='part of the path with its query: "/3/customers", "page=2"'
    )
    tenant: str | None = None
    kind: Literal[
        "status", "html", "json", "reset", "lost", "slow", "cut", "reset_midway", "short", "cut_gzip",
        "content",
    ]  # fmt: skip
    status: int | None = Field(default=None, ge=200, le=599)
    body: str | dict[str, object] | list[object] | None = None
    headers: dict[str, str] = Field(default_factory=dict)
    seconds: float = Field(default=1.0, ge=0, description="how long a slow answer waits before it is right")
    record: int = Field(
        default=0, ge=0, description="which record of a list, from 0; a page without it is right"
    )
    field: str = Field(default="", description='its key, or the way to it: "InvoiceRows.0.Price"')
    raw: str | None = Field(
        default=None,
        max_length=5_000_000,
        description="what stands for the value, each character a byte (Latin-1), so that it can be what JSON "
        "or UTF-8 forbids; a field that is not there is added; None takes it away",
    )
    times: int = Field(default=1, ge=1)
    after: int = Field(default=0, ge=0, description="how many matching requests it lets pass first")

    @model_validator(mode="after")
    def _names_a_field(self) -> Fault:
        if (self.kind == "content") != bool(self.field):
            raise ValueError("a content fault names a field, and no other fault does")
        if self.raw is not None and any(ord(character) > 255 for character in self.raw):
            raise ValueError("each character of raw is a byte")
        return self

    def matches(self, method: str, path: str, tenant: str | None) -> bool:
        """Whether it strikes this request."""
        return (
            self.path_contains in path
            and (self.method is None or self.method.upper() == method)
            and (self.tenant is None or self.tenant == tenant)
        )


@dataclass
class Requests:
    """Who asked for what since the start or the last reset; "" is a caller without a known tenant."""

    paths: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    throttled: Counter[str] = field(default_factory=Counter)
    tokens: Counter[str] = field(default_factory=Counter)
    power_bi_paths: Counter[str] = field(default_factory=Counter)
    power_bi_tokens: int = 0
    fabric_paths: Counter[str] = field(default_factory=Counter)

    def as_json(self) -> dict[str, object]:
        """The counts, by tenant for Fortnox and in all for Power BI and Fabric."""
        tenants = sorted(self.paths.keys() | self.tokens.keys() | self.throttled.keys())
        return {
            "fortnox": {
                tenant: {
                    "requests": self.paths[tenant].total(),
                    "paths": dict(sorted(self.paths[tenant].items())),
                    "throttled": self.throttled[tenant],
                    "tokens": self.tokens[tenant],
                }
                for tenant in tenants
            },
            "power_bi": {
                "requests": self.power_bi_paths.total(),
                "paths": dict(sorted(self.power_bi_paths.items())),
                "tokens": self.power_bi_tokens,
            },
            "fabric": {
                "requests": self.fabric_paths.total(),
                "paths": dict(sorted(self.fabric_paths.items())),
            },
        }


@dataclass
class SlidingWindow:
    """Admits so many requests in so many seconds, counted back from each request."""

    _admitted: deque[float] = field(default_factory=deque)

    def admits(self, now: float, limit: int, seconds: float) -> bool:
        """Whether the request at ``now`` (seconds, any origin) has room; a refused one takes none."""
        while self._admitted and self._admitted[0] <= now - seconds:
            self._admitted.popleft()
        if len(self._admitted) >= limit:
            return False
        self._admitted.append(now)
        return True


@dataclass(frozen=True)
class Consent:
    """What an authorization code stands for until it is exchanged; ``expires`` in seconds since 1970."""

    tenant: str
    scopes: tuple[str, ...]
    redirect_uri: str
    offline: bool
    expires: float


@dataclass
class Grants:
    """What the token endpoint remembers. A restart forgets it, and then a used refresh token works again."""

    codes: dict[str, Consent] = field(default_factory=dict)
    """By authorization code; taken out when used."""
    live_refresh_tokens: dict[str, str | None] = field(default_factory=dict)
    """The one that works, by the consent it descends from; None once revoked."""
    service_accounts: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """What each tenant approved with account_type=service since the start."""
    activated: set[str] = field(default_factory=set)
    """Tenants for which a token was given."""
    api_codes_used: Counter[tuple[str, str]] = field(default_factory=Counter)
    """How often each tenant's API-kod has been used."""
    dead_legacy_tokens: set[str] = field(default_factory=set)
    """Legacy access tokens that were migrated or revoked."""


@dataclass
class State:
    """One sandbox: what its routes share."""

    companies: dict[str, Company]
    """By tenant id."""
    settings: Settings
    faults: list[Fault] = field(default_factory=list)
    requests: Requests = field(default_factory=Requests)
    grants: Grants = field(default_factory=Grants)
    windows: dict[tuple[str, str], SlidingWindow] = field(default_factory=lambda: defaultdict(SlidingWindow))
    """What each Fortnox client has asked of each tenant."""

    def access(self, tenant: str) -> Access:
        """What the company lets the integration do: everything, unless a setting says otherwise."""
        return self.settings.access.get(tenant, Access())

    def today(self) -> date:
        """The date in Sweden, or the one that was set."""
        return self.settings.today or self.now().date()

    def now(self) -> datetime:
        """Swedish local time, naive, as Fortnox writes and compares it."""
        return self.settings.now or datetime.now(STOCKHOLM).replace(tzinfo=None)

    def next_fault(self, method: str, path: str, tenant: str | None) -> Fault | None:
        """Take one use of the first fault that strikes the request; ``path`` with its query."""
        for fault in self.faults:
            if fault.matches(method, path, tenant):
                if fault.after > 0:
                    fault.after -= 1
                    continue
                fault.times -= 1
                if fault.times == 0:
                    self.faults.remove(fault)
                return fault
        return None


def workspace_id(tenant_id: str) -> str:
    """The Power BI workspace of a company: always the same for the same tenant."""
    return str(uuid.uuid5(NAMESPACE, f"workspace {tenant_id}"))


def dataset_id(tenant_id: str) -> str:
    """The Power BI dataset of a company: always the same for the same tenant."""
    return str(uuid.uuid5(NAMESPACE, f"dataset {tenant_id}"))
