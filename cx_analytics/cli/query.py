"""`cx sql`: any query on the published warehouse, with writing and files switched off.

Belongs here: the sandbox and the printing of a result. Stays out: models (sql/).
"""

from __future__ import annotations

import csv
import json
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import duckdb

from cx_analytics.cli.screen import Sheet, plain_value, show_table
from cx_analytics.contracts.errors import InputRefused
from cx_analytics.engine.published import FOLDER
from cx_analytics.engine.warehouse import connect
from cx_analytics.workspace import Workspace

Form = Literal["table", "json", "csv"]

_ASKING = ("SELECT", "EXPLAIN", "PRAGMA", "CALL", "MULTI")
_WRAPPING = ("EXPLAIN", "MULTI")
"""Statements that may hold another one (a PIVOT is several)."""
_WRITING = re.compile(r"\b(copy|export)\b", re.IGNORECASE)


def ask(root: Path, query: str, form: Form) -> None:
    """Run a query and print its rows; InputRefused when DuckDB will not run it."""
    columns, rows = rows_of(root, query)
    if form == "json":
        listed = [dict(zip(columns, row, strict=True)) for row in rows]
        print(json.dumps(plain_value(listed), indent=2, ensure_ascii=False))
    elif form == "csv":
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerows([columns, *(map(_csv_cell, row) for row in rows)])
    elif columns:
        cells = tuple(tuple(_cell(value) for value in row) for row in rows)
        show_table(Sheet("", columns, cells))


def rows_of(root: Path, query: str) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
    """Column names and rows of a query on a workspace's warehouse."""
    with reading(root) as connection:
        try:
            _check(connection.extract_statements(query))
            result = connection.execute(query)
            columns = tuple(column[0] for column in result.description or ())
            return columns, result.fetchall() if columns else []
        except (duckdb.Error, UnicodeError) as error:
            raise InputRefused(
                str(error).strip().rstrip("."),
                where="query",
                todo="'SHOW TABLES' and 'DESCRIBE causes' tell what there is",
            ) from error


@contextmanager
def reading(root: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection that reads a workspace's warehouse and can do nothing else.

    What the published days lie in stays open to it; `_check` sees that nothing is written there.
    """
    database = Workspace.open(root).database
    connection = connect(database)
    try:
        days = str(database.parent / FOLDER).replace("'", "''")
        for lock in (
            f"allowed_directories = ['{days}/']",
            "enable_external_access = false",
            "lock_configuration = true",
        ):
            connection.execute(f"SET {lock}")
        yield connection
    finally:
        connection.close()


def _check(statements: Sequence[duckdb.Statement]) -> None:
    """InputRefused for what does not only ask."""
    if not statements:
        raise InputRefused("the query is empty", where="query", todo="try 'SHOW TABLES'")
    for one in statements:
        kind = one.type.name
        if kind not in _ASKING or (kind in _WRAPPING and _WRITING.search(one.query)):
            raise InputRefused(
                f"{kind.replace('_', ' ')} is no question",
                where="query",
                todo="ask with SELECT; 'SHOW TABLES' and 'DESCRIBE causes' tell what there is",
            )


def _cell(value: object) -> str:
    plain = plain_value(value)
    if plain is None:
        return "NULL"
    return plain if isinstance(plain, str) else json.dumps(plain, ensure_ascii=False)


def _csv_cell(value: object) -> str:
    return "" if value is None else _cell(value)
