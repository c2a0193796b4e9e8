"""docs/attribution.md: its queries run, its figures are the code's, its links lead somewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from cx_analytics.attribute.assess import (
    LEAST_CUSTOMERS,
    LEAST_RATIO,
    LEAST_RATIO_CLOSED,
    LEAST_RATIO_PAIR,
    PLAIN,
)
from cx_analytics.attribute.candidates import MIN_FAULTS, MIN_FAULTS_INDIVIDUAL
from cx_analytics.attribute.evidence import TYPE_PRICE
from cx_analytics.attribute.lot_watch import FALSE_ALARMS_A_YEAR, MARGIN
from cx_analytics.attribute.scoring import FIXED_PRICE, ORDER_PRICE, SAME_HOURS
from cx_analytics.attribute.search import RIVAL_NATS, STRONG
from cx_analytics.contracts.tables import TABLES
from cx_analytics.engine.warehouse import ddl

PAGE = Path(__file__).parents[2] / "docs" / "attribution.md"
TEXT = PAGE.read_text(encoding="utf-8")
WORDS = " ".join(TEXT.split())
QUERIES = re.findall(r"```sql\n(.*?)```", TEXT, re.DOTALL)


@pytest.fixture
def warehouse() -> Iterator[duckdb.DuckDBPyConnection]:
    """Two regions of 100 sessions and 10 faults each; a cause takes those of the first."""
    with duckdb.connect() as connection:
        for table in TABLES.values():
            connection.execute(
                ddl(table, {"modem_lot": "VARCHAR"} if table.name == "sessions" else {})
            )
        needed = {"customer_id": "'C'", "started_at": "TIMESTAMP '2026-01-01'"}
        given = {
            "session_id": "CAST(n AS VARCHAR)",
            "faulty": "n % 10 = 0",
            "region": "CASE WHEN n < 100 THEN 'first' ELSE 'second' END",
            "lot": "CASE WHEN n < 100 AND n % 2 = 0 THEN 'L1' END",
        }
        for column in TABLES["sessions"].columns:
            if column.required and column.name not in given:
                given[column.name] = needed[column.name]
        connection.execute(
            f"INSERT INTO sessions ({', '.join(given)}) "
            f"SELECT {', '.join(given.values())} FROM range(200) AS r(n)"
        )
        required = [column for column in TABLES["causes"].columns if column.required]
        cause = {"cause_id": "'k1'", "label": "'lot=L1'"}
        neutral = {"BIGINT": "0", "DOUBLE": "0", "DATE": "DATE '2026-01-01'", "VARCHAR": "'-'"}
        for column in required:
            cause.setdefault(column.name, neutral.get(column.type, "MAP {'lot': 'L1'}"))
        connection.execute(
            f"INSERT INTO causes ({', '.join(cause)}) SELECT {', '.join(cause.values())}"
        )
        connection.execute(
            "INSERT INTO fault_causes SELECT session_id, CASE WHEN lot = 'L1' THEN 'k1' "
            "ELSE 'background' END, 1.0 FROM sessions WHERE faulty"
        )
        yield connection


def test_raw_and_left(warehouse: duckdb.DuckDBPyConnection) -> None:
    found = warehouse.execute(QUERIES[0])
    names = [name for name, *_ in found.description or ()]
    rows = {row[0]: dict(zip(names, row, strict=True)) for row in found.fetchall()}
    assert set(rows) == {"lot=L1", "region=first", "region=second"}
    first, lot = rows["region=first"], rows["lot=L1"]
    assert (first["sessions"], first["faults"], first["raw_ratio"]) == (100, 10, 1)
    assert (first["by_others"], first["usual"], first["excess_left"]) == (10, 10, -10)
    assert lot["raw_ratio"] == pytest.approx(3)
    assert lot["excess_left"] == pytest.approx(10 - 50 * 10 / 150)


@pytest.mark.parametrize("query", QUERIES)
def test_every_query_runs(warehouse: duckdb.DuckDBPyConnection, query: str) -> None:
    warehouse.execute(query).fetchall()


@pytest.mark.parametrize(
    "told",
    [
        f"| that there is one | {FIXED_PRICE:g} |",
        "| that it has one, two, three conditions | {:g}, {:g}, {:g} |".format(*ORDER_PRICE),
        f"| an incident of hours | ln(24 · days · 72 / {SAME_HOURS:g}) |",
        f"| rebate for the causes with J > {STRONG:g} |",
        f"at {TYPE_PRICE:g} nats a type",
        f"faults of at least {LEAST_CUSTOMERS} customers, and {LEAST_RATIO:g} times",
        f"with J < {PLAIN:g}, {LEAST_RATIO_PAIR:g} times for several",
        f"{LEAST_RATIO_CLOSED:g} times for incidents and for windows",
        f"Values with {MIN_FAULTS} faults",
        f"with {MIN_FAULTS_INDIVIDUAL} faults",
        f"within {RIVAL_NATS:g} nats",
        f"passed {365 / FALSE_ALARMS_A_YEAR:,.0f} times",
        f"within {MARGIN:g} times the background",
    ],
)
def test_figures_are_those_of_the_code(told: str) -> None:
    assert told in WORDS


def test_links_lead_somewhere() -> None:
    links = [link.partition("#")[0] for link in re.findall(r"\]\(([^)]+)\)", TEXT)]
    assert links
    assert [link for link in links if not (PAGE.parent / link).exists()] == []
