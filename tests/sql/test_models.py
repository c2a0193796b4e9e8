"""Every SQL model against tables: one folder a case, no Python a case.

    tests/sql/<stage>/<model>/<case>/<table>.csv    what the model reads; header name:TYPE
                                     params.json    {"params": {…}, "identifiers": {…}}, optional
                                     expected.csv   what it gives; header name or name:TYPE

An empty field is null. Rows are compared as sets that may hold a row twice, floats to 1e-9.
A text in params.json that reads as a day or a time is one.
"""

from __future__ import annotations

import csv
import json
import math
import re
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from cx_analytics.engine.models import load, quote

HERE = Path(__file__).parent
CASES = sorted(path.parent for path in HERE.glob("*/*/*/expected.csv"))


def case_name(case: Path) -> str:
    return str(case.relative_to(HERE))


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    yield connection
    connection.close()


@pytest.mark.parametrize("case", CASES, ids=case_name)
def test_model(case: Path, connection: duckdb.DuckDBPyConnection) -> None:
    for path in sorted(case.glob("*.csv")):
        if path.stem != "expected":
            fill(connection, path.stem, *read(path))
    given = json.loads(text) if (text := text_of(case / "params.json")) else {}
    params = {name: parameter(value) for name, value in given.get("params", {}).items()}
    sql = load(f"{case.parts[-3]}/{case.parts[-2]}").bind(given.get("identifiers", {}))
    result = connection.sql(sql, params=params or None)
    types = dict(zip(result.columns, map(str, result.types), strict=True))
    found = sorted(result.fetchall(), key=sort_key)

    columns, rows = read(case / "expected.csv", types)
    assert sorted(name for name, _ in columns) == sorted(types)
    fill(connection, "expected", columns, rows)
    names = ", ".join(map(quote, types))
    wanted = sorted(connection.sql(f"SELECT {names} FROM expected").fetchall(), key=sort_key)
    assert len(found) == len(wanted), f"found {found}, wanted {wanted}"
    for one, other in zip(found, wanted, strict=True):
        assert same(one, other), f"found {one}, wanted {other}"


def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.is_file() else ""


def read(
    path: Path, types: dict[str, str] | None = None
) -> tuple[list[tuple[str, str]], list[list[str]]]:
    """Columns with their types, and the rows as text."""
    with path.open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    columns = [(name, kind) for name, _, kind in (cell.partition(":") for cell in header)]
    if types is not None:
        columns = [(name, kind or types.get(name, "VARCHAR")) for name, kind in columns]
    assert all(kind for _, kind in columns), f"{path}: a header without :TYPE"
    return columns, [row for row in rows if row]


def fill(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    columns: list[tuple[str, str]],
    rows: list[list[str]],
) -> None:
    shape = ", ".join(f"{quote(name)} {kind}" for name, kind in columns)
    connection.execute(f"CREATE TABLE {quote(table)} ({shape})")
    casts = ", ".join(f"CAST(? AS {kind})" for _, kind in columns)
    for row in rows:
        values = [cell or None for cell in row]
        connection.execute(f"INSERT INTO {quote(table)} VALUES ({casts})", values)


def parameter(value: Any) -> Any:
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", value):
        return date.fromisoformat(value)
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?", value):
        return datetime.fromisoformat(value)
    if isinstance(value, list):
        return [parameter(one) for one in value]
    return value


def sort_key(row: tuple[Any, ...]) -> list[str]:
    return [f"{one:.6g}" if isinstance(one, float) else repr(one) for one in row]


def same(one: tuple[Any, ...], other: tuple[Any, ...]) -> bool:
    return all(
        math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-9)
        if isinstance(a, float) and isinstance(b, float)
        else a == b
        for a, b in zip(one, other, strict=True)
    )
