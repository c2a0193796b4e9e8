"""Exposure of asked-for cells: how many sessions each has on each day.

Belongs here: the sessions' values as integers, and one semi-join for each set of attributes.
Stays out: many narrow sets that share a condition (inside.py) and who asks (wanted.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

import polars as pl

from cx_analytics.attribute.aggregate import (
    ATTRIBUTE_KEY,
    CELL_COUNTS,
    VALUE_KEY,
    ordered,
    span,
)
from cx_analytics.attribute.evidence_sql import identifier
from cx_analytics.attribute.inside import counted_inside
from cx_analytics.contracts.ports import SqlEngine

BATCH = 3_000_000
"""Sessions whose keys are held at once (8 bytes an attribute each)."""
MODELS = ("single_exposure", "pair_exposure", "triple_exposure")
"""The SQL models that count cells of one, two and three conditions."""


def cell_exposure(engine: SqlEngine, cells: pl.DataFrame) -> pl.DataFrame:
    """The exposure of asked-for cells in the relation `session`, as rows of CELL_COUNTS.

    One semi-join with the asked-for cells per set of attributes; never a cube.
    A cell without a session on a day comes back with zero (hourly: at hour 0), so that it
    is known to be counted. Days are taken in batches of at most BATCH sessions.
    """
    frames: list[pl.DataFrame] = []
    for days in _batches(engine, cells["day"].unique().sort().to_list()):
        asked = cells.filter(pl.col("day").is_in(days))
        names = {name for key in ATTRIBUTE_KEY for name in asked[key].unique().drop_nulls()}
        engine.table("keyed_session", _keyed(sorted(names), *span(days)))
        inside, asked = counted_inside(engine, asked)
        frames += [*inside, *(_counted(engine, part) for part in _sets(asked))]
    return ordered(frames, CELL_COUNTS)


def _batches(engine: SqlEngine, days: Sequence[date]) -> list[list[date]]:
    """Days in runs of at most BATCH sessions."""
    if not days:
        return []
    since, until = span(days)
    rows = engine.model("attribute/day_sessions", since=since, until=until)
    size = dict(zip(rows["day"].cast(pl.Date).to_list(), rows["sessions"].to_list(), strict=True))
    batches: list[list[date]] = [[]]
    room = BATCH
    for day in days:
        if batches[-1] and size.get(day, 0) > room:
            batches.append([])
            room = BATCH
        batches[-1].append(day)
        room -= size.get(day, 0)
    return batches


def _keyed(names: Sequence[str], since: datetime, until: datetime) -> str:
    """The query of `keyed_session`: day, hour, and each attribute as a 64-bit key.

    Joins on integers cost a third of joins on text. The columns differ by workspace, so this
    one query cannot be a model file; names are quoted, and there are no values in it but
    two timestamps.
    """
    quoted = [identifier(name) for name in names]
    keys = "".join(f", HASH(CAST({name} AS VARCHAR)) AS {name}" for name in quoted)
    return (
        "SELECT CAST(started_at AS DATE) AS day, "
        f"CAST(EXTRACT(HOUR FROM started_at) AS BIGINT) AS hour{keys} FROM session "
        f"WHERE started_at >= TIMESTAMP '{since}' AND started_at < TIMESTAMP '{until}'"
    )


def _sets(asked: pl.DataFrame) -> list[pl.DataFrame]:
    """Asked-for cells by their set of attributes."""
    return asked.partition_by(*ATTRIBUTE_KEY, "hourly", maintain_order=True)


_WANTED_KEYS = (
    "SELECT DISTINCT value_1, value_2, value_3, HASH(value_1) AS key_1, "
    "HASH(value_2) AS key_2, HASH(value_3) AS key_3 FROM wanted_value"
)


def _counted(engine: SqlEngine, part: pl.DataFrame) -> pl.DataFrame:
    """The exposure of asked-for cells of one set of attributes."""
    first = part.row(0, named=True)
    engine.register("wanted_value", part.select(VALUE_KEY).unique())
    engine.table("wanted_cell", _WANTED_KEYS)
    names = [first[key] for key in ATTRIBUTE_KEY if first[key] is not None]
    model = "hour_exposure" if first["hourly"] else MODELS[len(names) - 1]
    found = engine.model(f"attribute/{model}", dict(zip("abc", names, strict=False)))
    on = ["day", *VALUE_KEY[: len(names)]]
    counts = part.join(found.with_columns(pl.col("day").cast(pl.Date)), on=on, how="left")
    if first["hourly"]:
        counts = counts.with_columns(pl.col("hour").fill_null(0))
    return counts.with_columns(pl.col("sessions").fill_null(0))
