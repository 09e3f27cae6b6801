"""Made-up companies for tests of the marts."""

from __future__ import annotations

import datetime
import random
from decimal import Decimal

from tests.warehouse.books import Row, Voucher, Year, day

SALES = ("3001", "3041", "3740", "3990", "3960")
COSTS = ("4010", "4300", "4910", "4990", "5010", "6110", "7010", "7510", "7740", "7832", "7960")
FINANCE = ("8013", "8170", "8210", "8310", "8410", "8600", "8811", "8820", "8830", "8850", "8890")
ASSETS = (
    "1010",
    "1070",
    "1110",
    "1220",
    "1240",
    "1310",
    "1380",
    "1460",
    "1510",
    "1690",
    "1790",
    "1810",
    "1990",
)
DEBTS = (
    "2010",
    "2081",
    "2086",
    "2091",
    "2120",
    "2220",
    "2350",
    "2440",
    "2510",
    "2610",
    "2710",
    "2890",
    "2990",
)
BANK = "1930"


def amount_of(chance: random.Random) -> Decimal:
    return Decimal(chance.randint(1, 5_000_000)) / 100


def busy_year(
    financial_year_id: int,
    start: str,
    end: str,
    *,
    seed: int = 1,
    vouchers: int = 150,
    opening: dict[str, str] | None = None,
) -> Year:
    """A year in which every class of account is used, and every voucher balances."""
    chance = random.Random(seed)
    first, last = day(start), day(end)
    made = []
    for _ in range(vouchers):
        date = first + datetime.timedelta(days=chance.randint(0, (last - first).days))
        account = chance.choice(SALES + COSTS + FINANCE + ASSETS + DEBTS)
        other = chance.choice((BANK, BANK, *ASSETS, *DEBTS))
        amount = amount_of(chance) * chance.choice((1, -1))
        tax = (amount / 5).quantize(Decimal("0.01"))
        cost_center = chance.choice(("", "", "10", "20"))
        project = chance.choice(("", "", "P1", "P2"))
        rows = [
            Row(account, amount, cost_center, project),
            Row("2640", tax),
            Row(other, -amount - tax, cost_center),
        ]
        if chance.random() < 0.1:
            rows.append(Row(account, amount_of(chance), is_struck=True))
        made.append(Voucher(date, tuple(rows), series=chance.choice("ABC")))
    return Year(
        financial_year_id, start, end, tuple(made),
        opening={"1930": "100000", "1510": "2500.50", "2081": "-50000", "2099": "-52500.50"}
        if opening is None else opening,
        objects={("cost_center", "10"): "Verkstad", ("project", "P1"): "Bryggan"},
    )  # fmt: skip
