"""How near single records are fetched to the pace that Fortnox allows, whatever its latency and whoever asks.

    .venv/bin/python -m benchmarks.pace [--vouchers 1000]

Detail runs as the tasks make them, from the backlog in the warehouse to landed rows, against the sandbox at
Fortnox's limit of 25 requests in any 5 seconds: the invoices of a made-up company at a latency of 50 ms and
of 800 ms; then its invoices and its supplier invoices by two processes at once, while a third asks for the
company each second, as the page does.
Printed: all requests, the pace as part of 24 requests per 5 s, and how many the sandbox refused with 429. The
pace is that of whole windows of 24 answers, counted from the first single record's to the last one's: the
first requests of a run come at once, and would make a short run look faster than it is.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from datetime import date

from benchmarks.company import TENANT, counted, sandbox_company, temporary_warehouse
from saldo import organizations
from saldo.database import Role, connect
from saldo.fortnox.hook import Detail, FortnoxHook
from saldo.fortnox.resources import CATALOGUE, Resource
from saldo.pipeline.lists import Lists
from saldo.pipeline.plan import Mode
from saldo.pipeline.work import Request, Work
from tests.sandbox.process import Sandbox

PER_WINDOW, WINDOW_SECONDS = 24, 5.0
BOTH = ("invoices", "supplierinvoices")


class TimedHook(FortnoxHook):
    """Notes when each single record was answered."""

    def detail(self, resource: Resource, key: str) -> Detail:
        answer = super().detail(resource, key)
        answered.append(time.time())
        return answer


answered: list[float] = []


def work_on(name: str, mode: Mode) -> None:
    """Lands a list, or fetches the single records that are due of it."""
    organization = organizations.read().organizations[0]
    with (
        connect(Role.LOADER, organization.organization_id, autocommit=True) as connection,
        connect(Role.LOADER, organization.organization_id, autocommit=True) as shared,
    ):
        hook = TimedHook(organization.tenant_id, shared)
        lists = Lists(Work(organization, Request("pace", resources=frozenset({name})), hook, connection))
        if mode is Mode.DETAILS:
            lists.details(CATALOGUE[name].group)
        else:
            lists.land(CATALOGUE[name], None, mode)


def fetch(names: tuple[str, ...], *, with_page: bool) -> list[float]:
    """A process a resource, and this one as the page; when each request was answered, in order, from the
    first single record to the last."""
    times: list[float] = []
    asked_by_page: list[float] = []
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "benchmarks.pace", "--resource", name], stdout=subprocess.PIPE, text=True
        )
        for name in names
    ]
    with connect(Role.PAGE, autocommit=True) as connection:
        hook = FortnoxHook(TENANT, connection)
        while with_page and any(process.poll() is None for process in processes):
            hook.company_information()
            asked_by_page.append(time.time())
            time.sleep(1)
    for process in processes:
        said, _ = process.communicate()
        if process.returncode:
            raise SystemExit(f"a process ended with {process.returncode}")
        times += json.loads(said.splitlines()[-1])
    return sorted(times + [moment for moment in asked_by_page if min(times) < moment < max(times)])


def part_of_pace(times: list[float]) -> float:
    """What part of 24 requests per 5 s was achieved over whole windows of 24; times in order."""
    windows = (len(times) - 1) // PER_WINDOW
    if not windows:
        raise SystemExit(f"{len(times)} requests fill no window of {PER_WINDOW}: give more vouchers")
    return windows * WINDOW_SECONDS / (times[windows * PER_WINDOW] - times[0])


def measure(sandbox: Sandbox, who: str, names: tuple[str, ...], latency_ms: int) -> None:
    """One line of the table."""
    organizations.register(tenant_id=TENANT, name="Mätbolaget AB", organization_number="")
    sandbox.admin("POST", "settings", {"latency_ms": latency_ms})
    for name in names:
        work_on(name, Mode.WHOLE)
    time.sleep(WINDOW_SECONDS)
    counted(sandbox)
    times = fetch(names, with_page=len(names) > 1)
    requests, refused = counted(sandbox)
    print(
        f"{who:<27} {latency_ms:>4} ms  {len(times):>5} of {requests:>5} requests in "
        f"{times[-1] - times[0]:6.1f} s  "
        f"{part_of_pace(times):7.1%} of 24 per 5 s  {refused:>3} times 429",
        flush=True,
    )


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--vouchers", type=int, default=1000, help="a quarter of them are invoices")
    parser.add_argument("--resource", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.resource:
        work_on(options.resource, Mode.DETAILS)
        print(json.dumps(answered))
        return
    with (
        temporary_warehouse() as warehouse,
        sandbox_company(options.vouchers, date(2025, 1, 1), date(2025, 12, 31)) as sandbox,
    ):
        for place, (who, names, latency_ms) in enumerate(
            (
                ("one process", BOTH[:1], 50),
                ("one process", BOTH[:1], 800),
                ("two processes and the page", BOTH, 200),
            )
        ):
            with warehouse(f"pace_{place}"):
                measure(sandbox, who, names, latency_ms)


if __name__ == "__main__":
    main()
