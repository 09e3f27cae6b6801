"""The three companies that the sandbox serves unless told otherwise."""

from __future__ import annotations

from datetime import date, timedelta

from sandbox.made_up import CompanySpecification, YearSpecification


def demo_companies(today: date) -> list[CompanySpecification]:
    """A calendar year, a broken year and several years, the last of them open and booked to last month's end.

    The years follow the calendar, so that the demo never grows old: what one sees within a month is the same.
    """
    last = today.year - 1
    broken_from = last - 1 if today < date(today.year, 5, 1) else last
    return [
        CompanySpecification(
            name="Exempelby Café & Bageri AB",
            tenant_id="9000001",
            seed=11,
            vouchers=420,
            years=[_year(date(last, 1, 1), date(last, 12, 31))],
        ),
        CompanySpecification(
            name="Påhittade Åkeriet i Låtsasborg AB",
            tenant_id="9000002",
            seed=22,
            vouchers=800,
            years=[_year(date(broken_from, 5, 1), date(broken_from + 1, 4, 30))],
        ),
        CompanySpecification(
            name="Hittepå Handel & Söner AB",
            tenant_id="9000003",
            seed=33,
            vouchers=1_500,
            years=[
                _year(date(last - 1, 1, 1), date(last - 1, 12, 31), 2),
                _year(date(last, 1, 1), date(last, 12, 31), 1),
                _year(date(last + 1, 1, 1), date(last + 1, 12, 31), 3),
            ],
            booked_until=today.replace(day=1) - timedelta(days=1),
        ),
    ]


def _year(start: date, end: date, year_id: int | None = None) -> YearSpecification:
    return YearSpecification.model_validate({"from": start, "to": end, "id": year_id})
