"""Who tells whether a mutant of an SQL file is noticed: of a mart, of a check, of any other relation."""

from __future__ import annotations

import contextlib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import psycopg

from saldo import sql
from saldo.database import Connection, Role, connect, run
from saldo.warehouse import build as building
from saldo.warehouse.build import BuildResult
from saldo.warehouse.migrations import definition_and_build
from tests.warehouse import golden
from tests.warehouse.golden_companies import COMPANIES
from tests.warehouse.mutants import Mutant
from tests.warehouse.rules import broken_rules
from tests.warehouse.spoils import Spoil, found, spoiled, spoils, tables_of

# Whose data are spoiled for the checks: they have something of everything that a check reads.
SPOILED = (
    "everything", "short_first_and_eighteen_months", "unbalanced_and_outside", "sole_trader_rolled",
    "capital_used_up_2025-04-30",
)  # fmt: skip

# A check of more tables than these is tried with fewer faults, of the first company alone, for time.
MANY_TABLES = 10


@dataclass(frozen=True)
class Verdict:
    """What caught a mutant; `caught_by` is empty where nothing did."""

    mutant: Mutant
    caught_by: str


@dataclass(frozen=True)
class _Company:
    """A golden company as it stands: its marts' golden lines and digests, and what the checks found."""

    name: str
    organization_id: int
    connection: Connection
    lines: dict[str, list[str]]
    digests: dict[str, str]
    is_large: bool
    checks: list[str]


class MartJudge:
    """Tries mutants of marts on the golden companies, in the warehouse that the environment points at.

    Nothing of a mutant is kept: it fills its mart in a transaction that is rolled back. Only where the mart's
    rows then differ, and its golden lines (which leave some rows out) do not, the marts made from it and all
    checks are run as well: with the rows unchanged, nothing behind them can differ.
    """

    def __init__(self, landed: dict[str, tuple[int, BuildResult]], stack: contextlib.ExitStack) -> None:
        self._marts = sql.in_order(sql.files("marts"))
        self._companies = []
        for company in COMPANIES:
            organization_id, result = landed[company.name]
            connection = stack.enter_context(connect(Role.TRANSFORMER, organization_id, autocommit=True))
            connection.execute("update control.ledger_year_built set is_stale = true")
            names = [mart.name for mart in self._marts]
            self._companies.append(
                _Company(
                    company.name,
                    organization_id,
                    connection,
                    {name: golden.mart_lines(connection, organization_id, name) for name in names},
                    {name: golden.digest(connection, organization_id, name) for name in names},
                    company.is_large,
                    golden.check_lines(result.checks),
                )
            )

    def verdicts(self, mutants: list[Mutant]) -> Iterator[Verdict]:
        """Whether anything notices each of them."""
        for mutant in mutants:
            if rules := broken_rules(mutant.text):
                yield Verdict(mutant, f"rule: {rules[0]}")
                continue
            caught = (self._caught(company, mutant) for company in self._companies)
            yield Verdict(mutant, next((by for by in caught if by), ""))

    def _caught(self, company: _Company, mutant: Mutant) -> str:
        connection = company.connection
        with connection.transaction(force_rollback=True):
            run(connection, "control/settings_before_statistics")
            try:
                _fill(connection, mutant.name, mutant.text)
            except psycopg.Error as error:
                return f"error: {type(error).__name__}"
            now = golden.digest(connection, company.organization_id, mutant.name)
            if now == company.digests[mutant.name]:
                return ""
            if company.is_large or self._differ(company, [mutant.name]):
                return f"golden: {company.name}"
            behind = self._made_from(mutant.name)
            try:
                for mart in behind:
                    _fill(connection, mart.name, definition_and_build(mart)[1])
                outcomes = [building._check(connection, file) for file in sql.files("checks")]
            except psycopg.Error as error:
                return f"error: {type(error).__name__}"
            stopped = [each.name for each in outcomes if each.failing and each.severity == building.STOP]
            if stopped:
                return f"check: {stopped[0]}"
            if self._differ(company, [mart.name for mart in behind]):
                return f"golden: {company.name}"
            return "" if golden.check_lines(outcomes) == company.checks else f"golden: {company.name}"

    def _differ(self, company: _Company, marts: list[str]) -> bool:
        return any(
            golden.mart_lines(company.connection, company.organization_id, name) != company.lines[name]
            for name in marts
        )

    def _made_from(self, name: str) -> list[sql.SqlFile]:
        """The marts that read this one, or one that does, in the order in which they are made."""
        names, behind = {name}, []
        for mart in self._marts:
            if mart.name != name and names & set(mart.inputs):
                names.add(mart.name)
                behind.append(mart)
        return behind


def _fill(connection: Connection, mart: str, text: str) -> None:
    connection.execute(f"delete from mart.{mart}")
    connection.execute(text)


class RelationJudge:
    """Tries mutants of views and reference tables: the rows they give are the golden ones or not."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection
        self._reference = {file.name for file in sql.files("reference")}

    def verdicts(self, mutants: list[Mutant]) -> Iterator[Verdict]:
        """Whether a rule or the golden digest of each mutant's relation notices it."""
        for mutant in mutants:
            if mutant.name not in self._reference and (rules := broken_rules(mutant.text)):
                yield Verdict(mutant, f"rule: {rules[0]}")
                continue
            relation = f"{mutant.schema}.{mutant.name}"
            expected = golden.relation_digest(self._connection, relation)
            try:
                with self._connection.transaction():
                    now = golden.relation_digest(self._connection, relation, mutant.text)
            except psycopg.Error as error:
                yield Verdict(mutant, f"error: {type(error).__name__}")
                continue
            yield Verdict(mutant, "" if now == expected else "golden: relations")


class CheckJudge:
    """Tries mutants of checks: on the golden companies as they are, and with each fault that is noticed.

    `noticed` has, for each check judged, what the check as it is found where it found anything else than
    without the fault: a line of check, company, fault and what was found.
    """

    def __init__(self, connection: psycopg.Connection[Any], organizations: dict[str, int]) -> None:
        self._connection = connection
        self._ids = organizations
        self.noticed: dict[str, list[str]] = defaultdict(list)

    def verdicts(self, file: sql.SqlFile, mutants: list[Mutant]) -> Iterator[Verdict]:
        """Whether each mutant finds anything else than the check it is of."""
        alive: dict[Mutant, None] = {}
        for mutant in mutants:
            if rules := broken_rules(mutant.text):
                yield Verdict(mutant, f"rule: {rules[0]}")
            else:
                alive[mutant] = None
        unspoiled = {}
        for company, organization_id in self._ids.items():
            with spoiled(self._connection, organization_id, None):
                unspoiled[company] = found(self._connection, file.text)
        self.noticed[file.name] = [
            "\t".join((file.name, company, "as it is", told))
            for company, told in unspoiled.items()
            if not told.startswith("0\t")
        ]
        # Faults first: most mutants fall there, and the others are tried on every company.
        for company in SPOILED:
            for spoil in self._faults(file, company):
                with spoiled(self._connection, self._ids[company], spoil) as is_spoiled:
                    if not is_spoiled:
                        continue
                    expected = found(self._connection, file.text)
                    if expected == unspoiled[company]:
                        continue
                    told = (file.name, company, spoil.table, spoil.told, expected)
                    self.noticed[file.name].append("\t".join(told))
                    yield from self._caught(alive, expected, f"fault: {company}: {spoil.told}")
        for company, organization_id in self._ids.items():
            with spoiled(self._connection, organization_id, None):
                yield from self._caught(alive, unspoiled[company], f"golden: {company}")
        for mutant in alive:
            yield Verdict(mutant, "")

    def _faults(self, file: sql.SqlFile, company: str) -> list[Spoil]:
        tables = tables_of(file)
        found_faults = [
            spoil for table in tables for spoil in spoils(self._connection, table, self._ids[company])
        ]
        if len(tables) <= MANY_TABLES:
            return found_faults
        return [spoil for spoil in found_faults if company == SPOILED[0] and "last" not in spoil.told]

    def _caught(self, alive: dict[Mutant, None], expected: str, by: str) -> Iterator[Verdict]:
        for mutant in [each for each in alive if found(self._connection, each.text) != expected]:
            del alive[mutant]
            yield Verdict(mutant, by)
