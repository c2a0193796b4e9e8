"""Every SQL model against tables, on DuckDB and on Spark: one folder a case, no Python a case.

    tests/sql/<stage>/<model>/<case>/<table>.csv    what the model reads; header name:TYPE
                                     params.json    {"params": {…}, "identifiers": {…}}, optional;
                                                    also "first": {table: {"model": …, "params":
                                                    {…}}}, the models that are run before it
                                     expected.csv   what it gives; header name or name:TYPE

An empty field is null. Rows are compared as sets that may hold a row twice, floats to 1e-9.
A text in params.json that reads as a day or a time is one. What DuckDB gives is held against
`expected.csv`, what Spark gives against DuckDB.
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
import polars as pl
import pytest

from cx_analytics.contracts.quoting import quote
from cx_analytics.contracts.settings import Engine
from cx_analytics.engine.models import load
from cx_analytics.engine.spark.engine import Spark
from cx_analytics.engine.spark.session import java_version

HERE = Path(__file__).parent
CASES = sorted(path.parent for path in HERE.glob("*/*/*/expected.csv"))


def case_name(case: Path) -> str:
    return str(case.relative_to(HERE))


def model_of(case: Path) -> str:
    return f"{case.parts[-3]}/{case.parts[-2]}"


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    yield connection
    connection.close()


@pytest.mark.parametrize("case", CASES, ids=case_name)
def test_model(case: Path, connection: duckdb.DuckDBPyConnection) -> None:
    given_tables(case, connection)
    identifiers, params = given_values(case)
    sql = load(model_of(case)).bind(identifiers)
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


# On tables of a few rows Spark spends its time on making plans fast: here they need not be.
PLAIN = {
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
    "spark.sql.shuffle.partitions": "1",
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
}


LONG_TO_PLAN = ("supply/step_times",)
"""Models that are run on the driver only, and whose plan alone takes Spark longer than all others
together: it writes out a common table expression wherever it is used."""


@pytest.fixture(scope="module")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Spark]:
    if java_version() is None:
        pytest.skip("Spark needs Java, which is not here")
    settings = Engine(kind="spark", master="local[2]", memory_limit="1GB", options=PLAIN)
    with Spark(settings, spill=tmp_path_factory.mktemp("spill")) as opened:
        yield opened


@pytest.mark.slow
@pytest.mark.parametrize(
    "case", [case for case in CASES if model_of(case) not in LONG_TO_PLAN], ids=case_name
)
def test_model_on_spark(case: Path, connection: duckdb.DuckDBPyConnection, spark: Spark) -> None:
    for table in given_tables(case, connection):
        spark.register(table, connection.sql(f"SELECT * FROM {quote(table)}").pl())
    identifiers, params = given_values(case)
    name = model_of(case)
    wanted = connection.sql(load(name).bind(identifiers), params=params or None).pl()
    found = spark.model(name, identifiers, **params)
    assert found.columns == wanted.columns
    assert_same(found, wanted)


def assert_same(found: pl.DataFrame, wanted: pl.DataFrame) -> None:
    one, other = (sorted(frame.rows(), key=sort_key) for frame in (found, wanted))
    assert len(one) == len(other), f"Spark {one}, DuckDB {other}"
    for a, b in zip(one, other, strict=True):
        assert same(a, b), f"Spark {a}, DuckDB {b}"


def given_tables(case: Path, connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Fill the tables that a case gives, run the models before its own; returns all names."""
    paths = [path for path in sorted(case.glob("*.csv")) if path.stem != "expected"]
    for path in paths:
        fill(connection, path.stem, *read(path))
    text = text_of(case / "params.json")
    first = json.loads(text).get("first", {}) if text else {}
    for table, one in first.items():
        connection.sql(load(one["model"]).sql, params=one.get("params")).create(table)
    return [path.stem for path in paths] + list(first)


def given_values(case: Path) -> tuple[dict[str, str], dict[str, Any]]:
    """Identifiers and parameters of a case."""
    given = json.loads(text) if (text := text_of(case / "params.json")) else {}
    params = {name: parameter(value) for name, value in given.get("params", {}).items()}
    return given.get("identifiers", {}), params


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
