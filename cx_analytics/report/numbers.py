"""The numbers of the page of a run, each with the query that gives it again (`cx verify`).

Belongs here: which numbers, and their queries over published tables. Stays out: running them,
and the page itself (page.py). Only shared causes: a page names no customer and no unit.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from html import escape
from typing import Any

import polars as pl

from cx_analytics.contracts.quoting import literal

Evidence = dict[str, Any]
"""metric_id, sql, snapshot, value, unit."""

_INTAKE = ("rows_in", "kept", "duplicates", "quarantined")
_CAUSE = (
    ("excess_faults", "faults"),
    ("excess_low", "faults"),
    ("excess_high", "faults"),
    ("rate_ratio", "ratio"),
    ("rate_ratio_low", "ratio"),
    ("rate_ratio_high", "ratio"),
)
_DEFECT = (
    ("units_in_field", "units"),
    ("units_failed", "units"),
    ("forecast_faults_90d", "faults"),
    ("forecast_low", "faults"),
    ("forecast_high", "faults"),
)


def page_numbers(
    intake: pl.DataFrame, causes: pl.DataFrame, defects: pl.DataFrame, as_of: date | None
) -> list[Evidence]:
    """Every number of the page's tables, in order of their ids; none before any day.

    Parameters
    ----------
    intake, causes, defects : what `summary_page` is given.
    as_of : the last day processed.
    """
    if as_of is None:
        return []
    shared = causes.filter(pl.col("kind") == "shared")
    rows = [*_of_intake(intake), *_of_causes(shared), *_of_defects(defects)]
    return [
        {"metric_id": name, "sql": sql, "snapshot": as_of.isoformat(), "value": value, "unit": unit}
        for name, sql, value, unit in sorted(rows, key=lambda row: row[0])
    ]


_Row = tuple[str, str, int | float | None, str]


def _of_intake(intake: pl.DataFrame) -> Iterator[_Row]:
    for row in intake.iter_rows(named=True):
        feed = row["feed"]
        for column in _INTAKE:
            # A run that counted no duplicates of a feed left the number empty.
            total = f"SELECT sum(coalesce({column}, 0)) AS value"
            sql = f"{total} FROM runs WHERE feed = {literal(feed)}"
            yield f"intake.{feed}.{column}", sql, row[column], "rows"


def _of_causes(causes: pl.DataFrame) -> Iterator[_Row]:
    for row in causes.iter_rows(named=True):
        name = row["cause_id"]
        if row["evidence_sql"]:
            inner = row["evidence_sql"].strip().rstrip(";")
            sql = f"SELECT faults AS value FROM ({inner}) AS counted"
            yield f"cause.{name}.faults", sql, row["faults"], "faults"
        yield from _published("cause", "causes", name, _CAUSE, row)


def _of_defects(defects: pl.DataFrame) -> Iterator[_Row]:
    for row in defects.iter_rows(named=True):
        yield from _published("defect", "defects", row["defect_id"], _DEFECT, row)


def _published(
    word: str,
    table: str,
    name: str,
    columns: Sequence[tuple[str, str]],
    row: Mapping[str, Any],
) -> Iterator[_Row]:
    """Estimates of a model: read from the published table."""
    for column, unit in columns:
        sql = f"SELECT {column} AS value FROM {table} WHERE {word}_id = {literal(name)}"
        yield f"{word}.{name}.{column}", sql, row[column], unit


def embedded(evidence: Sequence[Evidence]) -> str:
    """The evidence as an inert part of a page: a browser neither shows nor runs it.

    >>> embedded([{"sql": "a < b"}])
    '<template id="evidence">[{"sql": "a &lt; b"}]</template>'
    """
    text = escape(json.dumps(list(evidence), ensure_ascii=False), quote=False)
    return f'<template id="evidence">{text}</template>'


def evidence_part(numbers: Sequence[Evidence]) -> str:
    """The queries behind a page's numbers, with a word on how they are run again; "" without."""
    if not numbers:
        return ""
    count = f"{len(numbers):,}".replace(",", "\u202f")
    words = f"{count} numbers of this page carry their query: cx verify DIR FILE"
    return f'<p class="soft">{words}</p>{embedded(numbers)}'
