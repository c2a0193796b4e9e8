"""Exposure of asked-for cells: how many sessions each has on each day.

Belongs here: cutting the days into windows that fit into memory, and what is done with days that
are too large for this process. Stays out: the tallies (tallies.py) and who asks (wanted.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from functools import cached_property
from itertools import pairwise

import polars as pl

from cx_analytics.attribute.aggregate import (
    ATTRIBUTE_KEY,
    CELL_COUNTS,
    VALUE_KEY,
    ordered,
    span,
)
from cx_analytics.attribute.counts import Counts
from cx_analytics.attribute.tallies import Held, Window, keyed, tallied
from cx_analytics.contracts.ports import SqlEngine

BATCH = 2_000_000
"""Sessions that are fetched at once (8 bytes an attribute each).

Sessions of a day lie in no order of time: to fetch a part of one reads all of it."""
HELD = 2_000_000
"""So many sessions are kept from one question to the next (6 bytes an attribute each)."""
LARGE = 20_000_000
"""A day of more sessions stays in the engine: each set of attributes is a semi-join there."""
MODELS = ("single_exposure", "pair_exposure", "triple_exposure")
"""The SQL models that count cells of one, two and three conditions."""


def cell_exposure(engine: SqlEngine, cells: pl.DataFrame) -> pl.DataFrame:
    """The exposure of asked-for cells in the relation `session`, as rows of CELL_COUNTS.

    A cell without a session on a day comes back with zero (hourly: at hour 0), so that it
    is known to be counted. Only what is asked for is counted, never a cube.
    """
    size = _sizes(engine, cells["day"].unique().sort().to_list())
    held = [day for day, sessions in size.items() if sessions <= LARGE]
    inside = pl.col("day").is_in(held)
    frames = tallied(engine, cells.filter(inside), _windows(held, size)) if held else []
    for (day,), asked in cells.filter(~inside).group_by("day", maintain_order=True):
        engine.table("keyed_session", keyed(_names(asked), *span([day])))
        frames += [_joined(engine, part) for part in _sets(asked)]
    return ordered(frames, CELL_COUNTS)


class CellCounter:
    """Counts what one run of fits asks for, again and again, of the same sessions.

    Up to HELD sessions are fetched once and kept; of more, `cell_exposure` reads them each time.
    """

    def __init__(self, engine: SqlEngine, counts: Counts) -> None:
        self._engine = engine
        self._counts = counts

    def __call__(self, wanted: pl.DataFrame) -> pl.DataFrame:
        """As `cell_exposure`."""
        if wanted.height and self._held is not None:
            frames = self._held.tallied(self._engine, wanted)
            if frames is not None:
                return ordered(frames, CELL_COUNTS)
        return cell_exposure(self._engine, wanted)

    @cached_property
    def _held(self) -> Held | None:
        counts = self._counts
        size = _sizes(self._engine, counts.days)
        if not 0 < sum(size.values()) <= HELD:
            return None
        values = {name: counts.columns[name].levels for name in counts.names}
        return Held.of(self._engine, values, counts.days, _windows(counts.days, size))


def _sizes(engine: SqlEngine, days: Sequence[date]) -> dict[date, int]:
    """The sessions of each day."""
    if not days:
        return {}
    since, until = span(days)
    rows = engine.model("attribute/day_sessions", since=since, until=until)
    size = dict(zip(rows["day"].cast(pl.Date).to_list(), rows["sessions"].to_list(), strict=True))
    return {day: size.get(day, 0) for day in days}


def _windows(days: Sequence[date], size: Mapping[date, int]) -> list[Window]:
    """Spans of time of at most about BATCH sessions: runs of days, or parts of a day."""
    runs: list[list[date]] = []
    for day in days:
        if not runs or sum(size[one] for one in [*runs[-1], day]) > BATCH:
            runs.append([])
        runs[-1].append(day)
    return [window for run in runs for window in _parts(run, sum(size[day] for day in run))]


def _parts(days: Sequence[date], sessions: int) -> list[Window]:
    """A span of days, cut into equal parts where it has more than BATCH sessions."""
    since, until = span(days)
    parts = max(1, -(-sessions // BATCH))
    edges = [since + (until - since) * n / parts for n in range(parts + 1)]
    return list(pairwise(edges))


def _names(asked: pl.DataFrame) -> list[str]:
    """The attributes of asked-for cells."""
    return sorted({name for key in ATTRIBUTE_KEY for name in asked[key].unique().drop_nulls()})


def _sets(asked: pl.DataFrame) -> list[pl.DataFrame]:
    """Asked-for cells by their set of attributes."""
    return asked.partition_by(*ATTRIBUTE_KEY, "hourly", maintain_order=True)


_WANTED_KEYS = (
    "SELECT DISTINCT value_1, value_2, value_3, HASH(value_1) AS key_1, "
    "HASH(value_2) AS key_2, HASH(value_3) AS key_3 FROM wanted_value"
)


def _joined(engine: SqlEngine, part: pl.DataFrame) -> pl.DataFrame:
    """The exposure of asked-for cells of one set of attributes in `keyed_session`."""
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
