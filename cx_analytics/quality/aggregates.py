"""What a suite looks at: SQL that ends in one row a day, and how a day compares with others.

Belongs here: queries generated from a contract (identifiers quoted, no value from data), and
the columns that need history. Stays out: what is good or bad (suites.py).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from statistics import median

import polars as pl

from cx_analytics.contracts.errors import CheckFailed
from cx_analytics.contracts.model import Column, Feed, Table
from cx_analytics.contracts.quoting import literal, quote
from cx_analytics.quality.suites import PARTITION, Suite, attributes, by_day

WHOLE = "all"
"""Partition of a table that has no day."""

ENOUGH_DAYS = 3
"""Fewer other days than these say nothing about what is usual."""


def as_present(table: Table, columns: Mapping[str, str]) -> Table:
    """The contract narrowed to the columns that a relation has, its further texts added.

    Parameters
    ----------
    columns : the relation's columns and their SQL types. Names that start with `_` are
        technical and left out, as are further columns that are no text.

    Raises
    ------
    CheckFailed : a required column is not there at all.
    """
    missing = [name for name in table.required if name not in columns]
    if missing:
        raise CheckFailed(
            f"required columns are missing: {', '.join(missing)}",
            where=table.name,
            todo="run ingest again on the files that should bring them",
        )
    known = tuple(column for column in table.columns if column.name in columns)
    further = tuple(
        Column(name, "VARCHAR", "Attribute that the workspace adds")
        for name, kind in columns.items()
        if kind == "VARCHAR" and name not in table.names and not name.startswith("_")
    )
    key = table.key if set(table.key) <= set(columns) else ()
    day = table.day if table.day in columns else None
    return replace(table, columns=known + further, key=key, day=day)


def aggregate_sql(table: Table, relation: str | None = None) -> str:
    """One row a day (or one row, when the table has no day) with what its suite judges.

    Columns: `partition`, `rows`, `nulls_<column>` (required columns and attributes),
    `min_`/`max_<column>` (bounded columns), `unknown_<column>` (values outside the choices),
    `rule_<rule>` (rows that break it), `not_finite` and `repeated_keys` (rows beyond the
    first of a key, booked on the day that is last to bring it).
    """
    measures = ",\n    ".join(
        ["count(*) AS rows", *(f"{sql} AS {quote(name)}" for name, sql in _measures(table))]
    )
    source, day = quote(relation or table.name), _day(table)
    if not table.key:
        return f"SELECT\n    {day} AS partition,\n    {measures}\nFROM {source}\nGROUP BY 1"
    key = ", ".join(quote(name) for name in table.key)
    return f"""WITH days AS (
    SELECT
    {day} AS partition,
    {measures}
    FROM {source}
    GROUP BY 1
),
repeated AS (
    SELECT max({day}) AS partition, count(*) - 1 AS beyond
    FROM {source}
    GROUP BY {key}
    HAVING count(*) > 1
),
repeats AS (
    SELECT partition, CAST(sum(beyond) AS BIGINT) AS repeated_keys
    FROM repeated
    GROUP BY partition
)
SELECT days.*, coalesce(repeats.repeated_keys, 0) AS repeated_keys
FROM days
LEFT JOIN repeats ON repeats.partition = days.partition
ORDER BY days.partition"""


def sample_sql(table: Table, rows: int, seed: int, relation: str | None = None) -> str:
    """The same rows for the same data and seed, however many threads read them."""
    columns = ", ".join(quote(name) for name in table.names)
    by = ", ".join(quote(name) for name in (table.key or table.names))
    source = quote(relation or table.name)
    return (
        f"SELECT {columns} FROM {source} ORDER BY hash({int(seed)}, {by}), {by} LIMIT {int(rows)}"
    )


def judged(suite: Suite, aggregates: pl.DataFrame, days: Collection[date] | None) -> pl.DataFrame:
    """The rows to judge, with the columns that compare a day with the others.

    All rows serve as history; those of `days` are judged (None: all). A day that has no row
    at all is judged as a day without rows.
    """
    frame = aggregates
    wanted = sorted(day.isoformat() for day in days) if days is not None else None
    if wanted is not None:
        absent = sorted(set(wanted) - set(frame[PARTITION].to_list()))
        empty = pl.DataFrame({PARTITION: absent}, schema={PARTITION: pl.String})
        frame = pl.concat([frame, empty], how="diagonal").with_columns(pl.col("rows").fill_null(0))
    frame = frame.with_columns(*_against_history(suite, frame)).sort(PARTITION)
    return frame if wanted is None else frame.filter(pl.col(PARTITION).is_in(wanted))


def _against_history(suite: Suite, frame: pl.DataFrame) -> Iterator[pl.Series]:
    columns = {expectation.column for expectation in suite.of("aggregates")}
    rows = [float(value) for value in frame["rows"]] if "rows" in frame.columns else []
    if "volume_ratio" in columns:
        ratios = [_ratio(value, others) for value, others in _others(rows)]
        yield pl.Series("volume_ratio", ratios, dtype=pl.Float64)
    for name in sorted(column for column in columns if column.startswith("null_rise_")):
        nulls = frame[f"nulls_{name.removeprefix('null_rise_')}"].to_list()
        pairs = zip(nulls, rows, strict=True)
        shares = [null / all_ if null is not None and all_ else None for null, all_ in pairs]
        yield pl.Series(name, _rises(shares), dtype=pl.Float64)


def _others(values: Sequence[float]) -> Iterator[tuple[float, list[float]]]:
    for at, value in enumerate(values):
        yield value, [other for place, other in enumerate(values) if place != at]


def _ratio(value: float, others: list[float]) -> float | None:
    usual = median(others) if len(others) >= ENOUGH_DAYS else 0
    return value / usual if usual else None


def _rises(shares: Sequence[float | None]) -> list[float | None]:
    rises: list[float | None] = []
    for at, share in enumerate(shares):
        others = [one for place, one in enumerate(shares) if place != at and one is not None]
        known = share is not None and len(others) >= ENOUGH_DAYS
        rises.append(share - median(others) if known and share is not None else None)
    return rises


def _measures(table: Table) -> Iterator[tuple[str, str]]:
    watched = {column.name for column in attributes(table)} if by_day(table) else set()
    for column in table.columns:
        name = quote(column.name)
        if column.required or column.name in watched:
            yield f"nulls_{column.name}", f"count(*) - count({name})"
        if column.low is not None:
            yield f"min_{column.name}", f"CAST(min({name}) AS DOUBLE)"
        if column.high is not None:
            yield f"max_{column.name}", f"CAST(max({name}) AS DOUBLE)"
        if column.choices:
            words = ", ".join(literal(word) for word in column.choices)
            yield f"unknown_{column.name}", f"count(*) FILTER (WHERE {name} NOT IN ({words}))"
    for rule in table.rules if isinstance(table, Feed) else ():
        yield f"rule_{rule.name}", f"count(*) FILTER (WHERE {rule.violated})"
    numbers = [quote(column.name) for column in table.columns if column.type == "DOUBLE"]
    if numbers:
        odd = " OR ".join(f"isnan({name}) OR isinf({name})" for name in numbers)
        yield "not_finite", f"count(*) FILTER (WHERE {odd})"


def _day(table: Table) -> str:
    if not by_day(table) or table.day is None:
        return literal(WHOLE)
    return f"coalesce(CAST(CAST({quote(table.day)} AS DATE) AS VARCHAR), 'none')"
