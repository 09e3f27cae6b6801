"""What a SIE file states of its closing balances and results, read by lines that share nothing with Saldo."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path

_STATED = re.compile(rb'^\s*#(UB|RES)[ \t"]+0[ \t"]+([^ \t"]+)[ \t"]+(-?[0-9.]+)', re.MULTILINE)


def stated_closing(path: Path) -> dict[str, Decimal]:
    """Closing balance (#UB 0) or result (#RES 0) by account, those that are zero left out."""
    found = {
        account.decode("latin-1"): Decimal(amount.decode())
        for _, account, amount in _STATED.findall(path.read_bytes())
    }
    return {account: amount for account, amount in found.items() if amount}


def start_of_year(path: Path) -> str:
    """The first day of #RAR 0, as YYYYMMDD."""
    found = re.search(rb'^\s*#RAR[ \t"]+0[ \t"]+([0-9]{8})', path.read_bytes(), re.MULTILINE)
    assert found is not None, path.name
    return found[1].decode()
