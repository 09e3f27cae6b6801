"""Tables as people read them in a terminal or a log."""

from __future__ import annotations

from collections.abc import Sequence


def lay_out(cells: Sequence[Sequence[str]], *, right: Sequence[int] = ()) -> list[str]:
    """A line a row, columns under each other; those numbered in `right` (0 is the first) end together."""
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return [
        "  ".join(
            text.rjust(width) if position in right else text.ljust(width)
            for position, (text, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in cells
    ]
