"""What the extract tasks do: which years and lists a run looks at, and what it leaves to the other tasks.

Nothing here is held over from one task to the next but the names that the first task leaves: all else that
is left to do is read from the warehouse.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from saldo.database import Role, connect, run
from saldo.fortnox.clock import STOCKHOLM
from saldo.fortnox.errors import FortnoxError, TemporaryError
from saldo.fortnox.hook import FortnoxHook
from saldo.fortnox.resources import (
    CATALOGUE,
    COMPANY_INFORMATION,
    FINANCIAL_YEARS,
    SIE,
    VOUCHERS,
    Group,
    Resource,
    Shape,
    of_group,
)
from saldo.organizations import Organization
from saldo.pipeline import plan
from saldo.pipeline.books import Books
from saldo.pipeline.lists import Lists
from saldo.pipeline.plan import Mode
from saldo.pipeline.work import Request, Work, scope_of
from saldo.powerbi.project.render import release
from saldo.warehouse import landing
from saldo.warehouse.landing import FinancialYear
from saldo.warehouse.migrations import check_version

# What takes up to so many requests the first task does itself: that is sooner done than another task begun.
_FEW_REQUESTS = 4
_RECENT = timedelta(days=550)
# More details than one run fetches: the next one is asked for.
_MANY_DETAILS = 2000

LIST_GROUPS = (Group.REGISTERS, Group.SALES, Group.PURCHASES)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Remaining:
    """What the first task leaves to the others.

    `lists` are the resources that each group has still to read; `tasks` the groups that have anything to
    do, lists or details or the ledger; `next_run` whether another run may have to follow this one, as it
    does after the company's first.
    """

    lists: Mapping[Group, tuple[str, ...]]
    tasks: frozenset[Group]
    is_first: bool
    next_run: bool
    build: bool
    definition: bool
    refresh: bool


@dataclass(frozen=True, slots=True)
class Extraction:
    """One extract task at work for one organization."""

    work: Work
    lists: Lists
    books: Books

    def changes(self) -> Remaining:
        """Asks what is new and lands what takes few requests; returns what is left to do."""
        self._move_today()
        years = self._financial_years()
        if self.work.request.wants(SIE):
            for year in self._years_to_look_at(years):
                self.books.look(year)
        wanted = {group: self._wanted(group) for group in LIST_GROUPS}
        hot = [resource for group in wanted.values() for resource in group if resource.is_hot]
        left: dict[Group, tuple[str, ...]] = {}
        for group, resources in wanted.items():
            names = []
            for resource in resources:
                # One request each is kept for the hot lists that are still to come.
                to_come = len(hot) - 1 - hot.index(resource) if resource in hot else len(hot)
                allowance = plan.HOT_REQUESTS - self.work.hook.requests_made - to_come
                if not (
                    self._is_listed(years)
                    if resource is VOUCHERS
                    else self._land_if_few(resource, years, allowance)
                ):
                    names.append(resource.name)
            left[group] = tuple(names)
        return self._remaining(left)

    def group(self, group: Group, names: Sequence[str]) -> None:
        """Lands what the first task left of a group, then the details that are due.

        Raises:
            TemporaryError: Fortnox or the network is down, or has not given a resource for a day.
        """
        years = self._chosen(self._known_years())
        for name in names:
            if name == VOUCHERS.name:
                for year in self._unlisted(years):
                    self.lists.land(VOUCHERS, year, Mode.WHOLE)
                continue
            for each, step in self._steps(CATALOGUE[name], years):
                self.lists.land(CATALOGUE[name], each, step.mode)
        if self.work.versions().built or self.work.request.resources:
            self.lists.details(group)
        self.lists.raise_if_long_failing()

    def ledger(self) -> None:
        """Makes the ledger of the SIE files that came, after one more try for those that had to and did not.

        Raises:
            TemporaryError: some did not come now either; the others are loaded.
            UnfitFileError: a file is none, or not of its year; the others are loaded.
        """
        overdue = self._overdue()
        for year in overdue:
            self.books.look(year)
        self.books.load()
        if SIE.name in self.lists.failed:
            years = ", ".join(f"{year.start_date} to {year.end_date}" for year in overdue)
            raise TemporaryError(f"Fortnox does not give the ledger of {years}")

    def interval(self) -> Remaining:
        """Reads what is dated in the run's interval, and the ledgers of the years that it touches; returns
        what is left to do.

        All of it in one task, so that many backfill runs of a company hold one worker between them.

        Raises:
            TemporaryError: something did not come; no later run makes up for an interval.
        """
        for year in self._years_of_interval():
            if self.work.request.wants(SIE):
                self.books.fetch_shared(year)
            if self.work.request.wants(VOUCHERS):
                self.lists.land(VOUCHERS, year, Mode.INTERVAL)
        for resource in CATALOGUE.values():
            if resource.date_field and not resource.is_per_year and self.work.is_taken(resource):
                self.lists.land(resource, None, Mode.INTERVAL)
        self.books.load()
        if self.lists.failed:
            raise TemporaryError(f"Fortnox did not give {', '.join(sorted(set(self.lists.failed)))}")
        return self._remaining({})

    def count_requests(self) -> dict[str, int]:
        """How many requests the run would make, by resource: asks for the length of each list alone."""
        years = self._chosen(self._known_years() or self._listed_years())
        found = {}
        for resource in CATALOGUE.values():
            if self._is_counted(resource):
                try:
                    found[resource.name] = self._count(resource, years)
                except FortnoxError as error:
                    log.warning("%s: %s", resource.name, error)
        return found

    def backlog(self) -> str:
        """What is left for a later run, in words; empty where nothing is."""
        details = sum(self._details_due().values())
        cursors, years = self.work.cursors(), self._known_years()
        unlisted = sum((VOUCHERS.name, scope_of(year)) not in cursors for year in years)
        return " and ".join(
            words
            for count, words in (
                (details, f"{details} single records"),
                (unlisted, f"the voucher lists of {unlisted} financial years"),
            )
            if count
        )

    def _count(self, resource: Resource, years: Sequence[FinancialYear]) -> int:
        if resource is SIE:
            # The file, and how many vouchers there are.
            return 2 * len(years)
        if resource.shape is Shape.OBJECT:
            return 1
        scopes: Sequence[FinancialYear | None] = years if resource.is_per_year else [None]
        requests = 0
        for year in scopes:
            total, _ = self.work.hook.count(
                resource,
                year.financial_year_id if year else None,
                interval=self.work.request.interval if resource.date_field else None,
            )
            requests += plan.pages(total or 0) + (total or 0 if resource.detail_key else 0)
        return requests

    def _is_counted(self, resource: Resource) -> bool:
        if not self.work.is_taken(resource):
            return False
        return self.work.request.interval is None or resource is SIE or resource.date_field is not None

    def _listed_years(self) -> list[FinancialYear]:
        """The financial years as Fortnox lists them, where none has landed yet and none may."""
        sweep = self.work.hook.sweep(FINANCIAL_YEARS)
        try:
            return [
                FinancialYear(
                    year["Id"], date.fromisoformat(year["FromDate"]), date.fromisoformat(year["ToDate"])
                )
                for page in sweep.pages()
                for year in json.loads(page)[FINANCIAL_YEARS.list_key]
            ]
        finally:
            sweep.close()

    def _move_today(self) -> None:
        today = datetime.now(STOCKHOLM).date()
        with self.work.transaction() as connection:
            if landing.set_as_of(connection, today):
                log.info("The marts will call %s today", today)

    def _financial_years(self) -> list[FinancialYear]:
        """The years in question, asked for when that is due: daily, and as long as none holds today."""
        today = datetime.now(STOCKHOLM).date()
        is_current = any(year.start_date <= today <= year.end_date for year in self._known_years())
        if self._steps(COMPANY_INFORMATION, ()):
            self.lists.land(COMPANY_INFORMATION, None, Mode.WHOLE)
        if self._steps(FINANCIAL_YEARS, ()) or not is_current:
            self.lists.land(FINANCIAL_YEARS, None, Mode.WHOLE)
        years = self._known_years()
        if not years:
            if FINANCIAL_YEARS.name in self.lists.failed:
                raise TemporaryError("Fortnox did not give the financial years, and no ledger goes without")
            log.warning("Fortnox lists no financial year for this company: there is no ledger to read yet")
        return self._chosen(years)

    def _years_of_interval(self) -> list[FinancialYear]:
        """The years that the interval touches. A backfill goes by those that have landed, if any has."""
        if not self.work.request.is_backfill:
            return self._financial_years()
        if not self._known_years():
            self.lists.land(FINANCIAL_YEARS, None, Mode.WHOLE)
        return self._chosen(self._known_years())

    def _chosen(self, years: Sequence[FinancialYear]) -> list[FinancialYear]:
        return [year for year in years if self.work.request.wants_year(year)]

    def _known_years(self) -> list[FinancialYear]:
        return landing.financial_years(self.work.connection)

    def _years_to_look_at(self, years: Sequence[FinancialYear]) -> list[FinancialYear]:
        """The years asked for, or else those that are open or ended lately, and the others once a day."""
        if self.work.request.chooses_years():
            return list(years)
        cursors, now = self.work.cursors(), datetime.now(UTC)
        recent = datetime.now(STOCKHOLM).date() - _RECENT

        def is_due(year: FinancialYear) -> bool:
            file = cursors.get((SIE.name, scope_of(year)))
            return file is None or file.asked_at is None or file.asked_at <= now - plan.DAILY

        return [year for year in years if year.end_date >= recent or is_due(year)]

    def _overdue(self) -> list[FinancialYear]:
        return self.books.overdue(self._years_to_look_at(self._chosen(self._known_years())))

    def _wanted(self, group: Group) -> list[Resource]:
        """The lists of a group that this run may read."""
        is_first = not self.work.versions().built
        return [
            resource
            for resource in of_group(group)
            if self.work.is_taken(resource)
            and not (resource.is_wanted_later and is_first and not self.work.request.resources)
        ]

    def _is_listed(self, years: Sequence[FinancialYear]) -> bool:
        return not self._unlisted(years)

    def _unlisted(self, years: Sequence[FinancialYear]) -> list[FinancialYear]:
        """The years whose voucher list is to be read whole."""
        return list(years) if self.work.request.asks_anew() else self.books.unlisted(years)

    def _steps(
        self, resource: Resource, years: Sequence[FinancialYear], allowance: int = plan.CHEAP_PAGES
    ) -> list[tuple[FinancialYear | None, plan.Step]]:
        """What is due of a resource, a step a financial year where it is kept per year."""
        cursors, now = self.work.cursors(), datetime.now(UTC)
        known = cursors.get((resource.name, ""))
        scopes: Sequence[FinancialYear | None] = years if resource.is_per_year else [None]
        steps = [
            (
                year,
                plan.step(
                    resource,
                    cursors.get((resource.name, scope_of(year))),
                    known.lastmodified if known else None,
                    now,
                    anew=self.work.request.asks_anew() and self.work.request.wants(resource),
                    allowance=allowance,
                ),
            )
            for year in scopes
        ]
        return [(year, step) for year, step in steps if step is not None]

    def _land_if_few(self, resource: Resource, years: Sequence[FinancialYear], allowance: int) -> bool:
        """Lands what is due of a resource when it takes few requests; returns whether nothing is left."""
        steps = self._steps(resource, years, allowance)
        cursors = self.work.cursors()
        is_known = all((resource.name, scope_of(year)) in cursors for year, _ in steps)
        if not is_known or sum(step.requests for _, step in steps) > _FEW_REQUESTS:
            return False
        for year, step in steps:
            self.lists.land(resource, year, step.mode)
        return resource.name not in self.lists.failed

    def _details_due(self) -> dict[str, int]:
        """How many single records are due, by resource that is fetched."""
        due = landing.details_left(self.work.connection)
        return {
            name: count
            for name, count in due.items()
            if self.work.organization.fetches(CATALOGUE[name].scope)
        }

    def _remaining(self, lists: Mapping[Group, tuple[str, ...]]) -> Remaining:
        ledger = self.work.request.wants(SIE) and bool(
            self.books.pending() or (SIE.name in self.lists.failed and self._overdue())
        )
        versions = self.work.versions()
        due = self._details_due()
        is_first = not versions.built
        tasks = {group for group, names in lists.items() if names}
        if ledger:
            tasks.add(Group.LEDGER)
        if not is_first:
            tasks |= {CATALOGUE[name].group for name, count in due.items() if count}
        build = bool(tasks) or versions.built < versions.landed
        refresh = build or versions.refreshed < versions.built or self._is_outdated()
        return Remaining(
            lists=lists,
            tasks=frozenset(tasks),
            is_first=is_first,
            next_run=is_first or sum(due.values()) > _MANY_DETAILS,
            build=build,
            # a dataset that the company's page names is refreshed as it is
            definition=refresh and not self.work.organization.dataset_id,
            refresh=refresh,
        )

    def _is_outdated(self) -> bool:
        """Whether the published report is of another version of Saldo than this one."""
        row = run(self.work.connection, "control/publication_release").fetchone()
        return row is not None and row[0] != release()


@contextmanager
def extraction(organization: Organization, request: Request) -> Iterator[Extraction]:
    """An extraction with its hook; stops at once when the warehouse is behind this version of Saldo."""
    with (
        connect(Role.LOADER, organization.organization_id, autocommit=True) as connection,
        connect(Role.LOADER, organization.organization_id, autocommit=True) as shared,
    ):
        check_version(connection)
        work = Work(organization, request, FortnoxHook(organization.tenant_id, shared), connection)
        lists = Lists(work)
        yield Extraction(work, lists, Books(work, lists))
