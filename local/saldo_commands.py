"""Runs several `saldo` commands one after the other: `python local/saldo_commands.py setup --then migrate`.

Each could be a process of its own, as in docker-compose.yaml; but starting Airflow's libraries for each takes
longer than what they do.
"""

from __future__ import annotations

import sys
from itertools import groupby

THEN = "--then"


def main(words: list[str]) -> int:
    """Runs the commands until one fails, and gives its exit status."""
    from saldo.cli import main as saldo

    commands = [list(group) for is_then, group in groupby(words, THEN.__eq__) if not is_then]
    return next((status for status in map(saldo, commands) if status), 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
