"""The three companies that the sandbox serves unless told otherwise."""

from __future__ import annotations

from datetime import date, timedelta

from sandbox.made_up import CompanySpecification, YearSpecification

_FIRST = 2025


def demo_companies(today: date) -> list[CompanySpecification]:
    """A calendar year, a broken year and several years, the last of them open and booked to last month's end.

    As time goes each gets further years, and what is booked never changes, so that the demo neither grows old
    nor contradicts what was read from it before.
    """
    return [
        CompanySpecification(
            name="Exempelby Café & Bageri AB",
            tenant_id="9000001",
            seed=11,
            vouchers=420,
            years=_years(_FIRST, 1, ended_by=today),
        ),
        CompanySpecification(
            name="Påhittade Åkeriet i Låtsasborg AB",
            tenant_id="9000002",
            seed=22,
            vouchers=800,
            years=_years(_FIRST, 5, ended_by=today),
            closes=False,  # so that a result which nobody has booked is seen, too
        ),
        CompanySpecification(
            name="Hittepå Handel & Söner AB",
            tenant_id="9000003",
            seed=33,
            vouchers=1_500,
            years=_out_of_order(_years(_FIRST - 1, 1, ended_by=date(today.year, 12, 31))),
            booked_until=today.replace(day=1) - timedelta(days=1),
        ),
    ]


def _years(first: int, month: int, ended_by: date) -> list[YearSpecification]:
    """The financial years from the ``first`` calendar year on that have ended, at least one."""
    years: list[YearSpecification] = []
    for calendar_year in range(first, max(first + 1, ended_by.year + 1)):
        start = date(calendar_year, month, 1)
        end = date(calendar_year + 1, month, 1) - timedelta(days=1)
        if end <= ended_by or not years:
            years.append(YearSpecification.model_validate({"from": start, "to": end}))
    return years


def _out_of_order(years: list[YearSpecification]) -> list[YearSpecification]:
    """The years with the ids 2, 1, 3, 4 and so on: somebody entered an earlier year after the first."""
    for place, year in enumerate(years, 1):
        year.id = {1: 2, 2: 1}.get(place, place)
    return years
