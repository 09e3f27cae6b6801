"""One's own marts and checks: files like Saldo's, in a folder that no version of Saldo writes to.

A mart is made in schema `custom`, where it never meets a mart of Saldo's, after all of those; a check counts
in the results as `custom.<its name>`. What such a file has to look like is looked at here, once.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import sqlparse

from saldo import sql

_NAME = re.compile(r"[a-z][a-z0-9_]{0,57}")
_SEVERITIES = ("stop", "warn")


class CustomSqlError(ValueError):
    """A file of one's own SQL is not as it has to be, or PostgreSQL refuses it; the sentence says which."""

    def __init__(self, file: sql.SqlFile, why: str) -> None:
        super().__init__(f"{file.path}: {why}. The marts are as they were: mend the file, or take it away")


def marts() -> list[sql.SqlFile]:
    """One's own marts, each after those it reads.

    Raises:
        CustomSqlError: a file is not a mart.
    """
    found = sql.files("custom")
    for file in found:
        _look_at_mart(file)
    return sql.in_order(found)


def checks() -> list[sql.SqlFile]:
    """One's own checks, by name.

    Raises:
        CustomSqlError: a file is not a check.
    """
    found = sql.files("custom/checks")
    for file in found:
        _look_at_name(file)
        if file.head.get("severity") not in _SEVERITIES:
            raise CustomSqlError(
                file, "its head says no `-- severity: stop` (holds the marts back) and no `-- severity: warn`"
            )
        if len(sqlparse.split(file.text)) != 1:
            raise CustomSqlError(
                file, "a check is one select of organization_id, reason (a text) and detail (jsonb)"
            )
    return found


def check_name(file: sql.SqlFile) -> str:
    """The name of a check in the results: that of its file, of one's own with `custom.` before it."""
    return f"custom.{file.name}" if file.folder == "custom/checks" else file.name


@contextmanager
def blamed(file: sql.SqlFile) -> Iterator[None]:
    """Names the file in the error when PostgreSQL refuses a statement of one's own; Saldo's pass as they are.

    Raises:
        CustomSqlError: it does.
    """
    try:
        yield
    except (psycopg.ProgrammingError, psycopg.DataError, psycopg.IntegrityError) as error:
        if not file.folder.startswith("custom"):
            raise
        raise CustomSqlError(file, f"PostgreSQL says: {str(error).strip()}") from error


def _look_at_mart(file: sql.SqlFile) -> None:
    _look_at_name(file)
    for line in ("grain", "key"):
        if not file.head.get(line):
            raise CustomSqlError(file, f"its head has no line `-- {line}: ...`")
    if not file.head["key"].startswith("organization_id"):
        raise CustomSqlError(file, "its key does not begin with organization_id")
    texts = [sqlparse.format(text, strip_comments=True) for text in sqlparse.split(file.text)]
    begins = (f"create table {file.relation}", f"insert into {file.relation}")
    if len(texts) != len(begins) or not all(
        re.match(rf"{re.escape(begin)}\b", " ".join(text.lower().split()))
        for begin, text in zip(begins, texts, strict=True)
    ):
        raise CustomSqlError(
            file, f"a mart is two statements: `{begins[0]} (...);` and `{begins[1]} ... select ...;`"
        )


def _look_at_name(file: sql.SqlFile) -> None:
    if not _NAME.fullmatch(file.name):
        raise CustomSqlError(
            file, "its name is no name of a table: begin with a letter, then a-z, 0-9 and _, at most 58"
        )
