"""What a running sandbox knows: companies, settings, who asked for what, faults that wait."""

from __future__ import annotations

import uuid
from collections import Counter, defaultdict, deque
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field

from sandbox.books import Company

STOCKHOLM = ZoneInfo("Europe/Stockholm")

FORTNOX_CLIENT = ("sandbox-client", "sandbox-secret")
ENTRA_TENANT = "sandbox-tenant"
ENTRA_CLIENT = ("sandbox-powerbi", "sandbox-powerbi-secret")


class Settings(BaseModel):
    """Everything that a test or a demo may turn while the sandbox runs."""

    model_config = ConfigDict(extra="forbid", validate_assignment=True)

    latency_ms: int = Field(default=200, ge=0, description="time that a Fortnox answer takes")
    token_seconds: int = Field(default=3600, ge=0, description="life of a Fortnox token")
    requests_per_window: int = Field(default=25, ge=1, description="Fortnox's limit per client and tenant")
    window_seconds: float = Field(default=5.0, gt=0)
    today: date | None = Field(default=None, description="the sandbox's today, for #GEN and the current year")
    power_bi_token_seconds: int = Field(default=3599, ge=0)
    refresh_seconds: float = Field(default=4.0, ge=0, description="time that a refresh runs")
    history_lag_seconds: float = Field(default=0.5, ge=0, description="time until history shows a refresh")
    busy_status: Literal[400, 409] = Field(default=400, description="answer to a refresh while one runs")
    quota: int = Field(default=8, ge=0, description="refreshes of a dataset in 24 hours")
    quota_status: Literal[400, 429] = 400


class Fault(BaseModel):
    """A fault for the next ``times`` requests that match; faults are used up in the order they were given."""

    model_config = ConfigDict(extra="forbid")

    method: str | None = None
    path_contains: str = ""
    tenant: str | None = None
    kind: Literal["status", "html", "json", "cut", "reset", "slow"]
    status: int | None = Field(default=None, ge=200, le=599)
    body: str | dict[str, object] | list[object] | None = None
    headers: dict[str, str] = Field(default_factory=dict)
    seconds: float = Field(default=1.0, ge=0, description="how long a slow answer waits before it is right")
    times: int = Field(default=1, ge=1)

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

    def as_json(self) -> dict[str, object]:
        """The counts, by tenant for Fortnox and in all for Power BI."""
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


@dataclass
class State:
    """One sandbox: what its routes share."""

    companies: dict[str, Company]
    """By tenant id."""
    settings: Settings
    faults: list[Fault] = field(default_factory=list)
    requests: Requests = field(default_factory=Requests)
    windows: dict[tuple[str, str], SlidingWindow] = field(default_factory=lambda: defaultdict(SlidingWindow))
    """What each Fortnox client has asked of each tenant."""

    def today(self) -> date:
        """The date in Sweden, or the one that was set."""
        return self.settings.today or self.now().date()

    def now(self) -> datetime:
        """Swedish local time, naive, as Fortnox writes and compares it."""
        return datetime.now(STOCKHOLM).replace(tzinfo=None)

    def next_fault(self, method: str, path: str, tenant: str | None) -> Fault | None:
        """Take one use of the first fault that strikes the request."""
        for fault in self.faults:
            if fault.matches(method, path, tenant):
                fault.times -= 1
                if fault.times == 0:
                    self.faults.remove(fault)
                return fault
        return None


_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "https://saldo.example/sandbox")


def workspace_id(tenant_id: str) -> str:
    """The Power BI workspace of a company: always the same for the same tenant."""
    return str(uuid.uuid5(_NAMESPACE, f"workspace {tenant_id}"))


def dataset_id(tenant_id: str) -> str:
    """The Power BI dataset of a company: always the same for the same tenant."""
    return str(uuid.uuid5(_NAMESPACE, f"dataset {tenant_id}"))
