"""Seconds, rows a second and peak memory of reading a SIE 4 file in the layout of Fortnox 3.

    .venv/bin/python benchmarks/sie_parse.py [--vouchers 100000] [--repeat 3]

The file is made up from a fixed seed, in another process so that its making does not count in the memory.
Beside the parser stands the least that any reader does, decoding the file and cutting its lines into words,
so that machines can be compared by ratio. Seconds are CPU seconds of one core.
"""

from __future__ import annotations

import argparse
import datetime
import gc
import multiprocessing
import random
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from saldo.fortnox import sie

_TEXTS = ["Kundfaktura", "Leverantörsfaktura", "Inbetalning", "Utbetalning", "Löner", "Hyra", "Ränta"]
_OBJECTS = ["", "", "", '1 "10"', '1 "20"', '6 "P7"', '1 "10" 6 "P7"']


def fortnox_file(vouchers: int) -> bytes:
    """Make a year of vouchers of three rows; in every hundredth one more is struck and two are added."""
    generator = random.Random(4)
    accounts = range(1010, 8990, 13)
    lines = [
        "#FLAGGA 0",
        "#FORMAT PC8",
        "#SIETYP 4",
        '#PROGRAM "Fortnox" 3.57.11',
        "#GEN 20260105",
        "",
        "#FNR 1",
        '#FNAMN "Mätverkstan AB"',
        "#RAR 0 20250101 20251231",
        "#RAR -1 20240101 20241231",
        '#ORGNR "555555-5555"',
        "#OMFATTN 20251231",
        "#KPTYP EUBAS97",
        "",
    ]
    for account in accounts:
        lines += [f'#KONTO {account} "Konto för {account}"', f"#SRU {account} 7201"]
    lines += ["", '#DIM 1 "Kostnadsställe"', '#DIM 6 "Projekt"', ""]
    for account in accounts:
        lines += (
            [f"#IB 0 {account} 0 0", f"#UB 0 {account} 0 0"] if account < 3000 else [f"#RES 0 {account} 0 0"]
        )
        lines += [f"#PSALDO 0 2025{month:02} {account} {{}} -41772.5 0" for month in range(1, 13)]

    def row(label: str, ore: int, text: str) -> str:
        amount = f"{ore / 100:.2f}".rstrip("0").rstrip(".")
        objects = generator.choice(_OBJECTS)
        return f'{label} {generator.choice(accounts)} {{{objects}}} {amount} "" "{text}" 0'

    for number in range(1, vouchers + 1):
        date = datetime.date(2025, 1, 1) + datetime.timedelta(days=number * 364 // vouchers)
        text = f"{generator.choice(_TEXTS)} {number}"
        total, vat = generator.randint(100, 5_000_000), generator.randint(1, 99)
        lines += ["", f'#VER {"ABIL"[number % 4]} {number} {date:%Y%m%d} "{text}" {date:%Y%m%d}', "{"]
        lines += [row("#TRANS", ore, text) for ore in (total, -vat, vat - total)]
        if number % 100 == 0:
            struck, added = row("", 5000, text), row("", -5000, text)
            lines += [f'#BTRANS{struck} "Ekonomi"', f'#RTRANS{added} "Ekonomi"', f"#TRANS{added}"]
            lines += [f'#RTRANS{struck} "Ekonomi"', f"#TRANS{struck}"]
        lines.append("}")
    return ("\r\n".join(lines) + "\r\n").encode("cp437")


def make(path: Path, vouchers: int) -> None:
    path.write_bytes(fortnox_file(vouchers))


def words_of_lines(data: bytes) -> int:
    return sum(len(line.split()) for line in data.decode("cp437").split("\n"))


def parsed_rows(data: bytes) -> int:
    """Read the file as the pipeline does, holding on to nothing."""
    return sum(len(record.rows) for record in sie.parse(data) if isinstance(record, sie.Voucher))


def best_seconds(run: Callable[[bytes], object], data: bytes, repeat: int) -> float:
    """Take the least CPU time of some runs, the one that other work on the machine disturbed least."""
    seconds = []
    for _ in range(repeat):
        gc.collect()
        start = time.process_time()
        run(data)
        seconds.append(time.process_time() - start)
    return min(seconds)


def peak_mib() -> float:
    """Tell the most memory this process ever held, which Linux counts in KiB and macOS in bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1024 * 1024 if sys.platform == "darwin" else 1024)


def main() -> None:
    arguments = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    arguments.add_argument("--vouchers", type=int, default=100_000)
    arguments.add_argument("--repeat", type=int, default=3)
    options = arguments.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "made_up.se"
        making = multiprocessing.get_context("spawn").Process(target=make, args=(path, options.vouchers))
        making.start()
        making.join()
        data = path.read_bytes()
    read_peak = peak_mib()
    rows = parsed_rows(data)
    parse_peak = peak_mib()
    parse = best_seconds(parsed_rows, data, options.repeat)
    contradictions = best_seconds(sie.contradictions, data, options.repeat)
    digest = best_seconds(sie.content_digest, data, options.repeat)
    words = best_seconds(words_of_lines, data, options.repeat)
    print(f"file            {len(data) / 2**20:8.1f} MiB, {rows} rows")
    print(f"parse           {parse:8.2f} s, {rows / parse:.0f} rows/s, {parse / words:.1f} x words of lines")
    print(f"contradictions  {contradictions:8.2f} s")
    print(f"content digest  {digest:8.2f} s")
    print(f"words of lines  {words:8.2f} s")
    print(f"peak memory     {parse_peak:8.1f} MiB, {read_peak:.1f} of it Python and the file's bytes")


if __name__ == "__main__":
    main()
