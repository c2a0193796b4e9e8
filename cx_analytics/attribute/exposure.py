"""Exposure of asked-for cells: how many sessions each has on each day.

Belongs here: what is counted in this process, and what is done with days that are too large for
it. Stays out: coded sessions (coded.py), their tallies (tallies.py), and who asks (wanted.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import cached_property

import numpy as np
import polars as pl

from cx_analytics.attribute.aggregate import (
    ATTRIBUTE_KEY,
    CELL_COUNTS,
    VALUE_KEY,
    ordered,
    span,
)
from cx_analytics.attribute.candidates import individuals
from cx_analytics.attribute.coded import (
    Coded,
    InMemory,
    Keeper,
    OnShelf,
    days_of,
    keyed,
    known_keys,
    windows,
    with_keys,
)
from cx_analytics.attribute.counts import Counts
from cx_analytics.attribute.tallies import tallied
from cx_analytics.contracts.ports import Shelf, SqlEngine

HELD = 2_000_000
"""So many sessions are kept in memory (6 bytes an attribute each)."""
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
    frames = []
    if held:
        asked = with_keys(engine, cells.filter(inside))
        coded = Coded(engine, known_keys(asked), windows({day: size[day] for day in held}))
        frames += _tallied(coded, asked)
    for (day,), asked in cells.filter(~inside).group_by("day", maintain_order=True):
        engine.table("keyed_session", keyed(_names(asked), *span([day])))
        frames += [_joined(engine, part) for part in _sets(asked)]
    return ordered(frames, CELL_COUNTS)


class CellCounter:
    """Counts what one run of fits asks for, again and again, of the same sessions.

    A day is read and coded when it is first asked for. Up to HELD sessions, the codes are kept in
    memory; of more, on `shelf`; without one, each question reads its days again.
    """

    def __init__(self, engine: SqlEngine, counts: Counts, shelf: Shelf | None = None) -> None:
        self._engine = engine
        self._counts = counts
        self._shelf = shelf

    def __call__(self, wanted: pl.DataFrame) -> pl.DataFrame:
        """As `cell_exposure`."""
        if wanted.height and (coded := self._coded) is not None:
            asked = with_keys(self._engine, wanted)
            if self._holds(coded, asked):
                return ordered(_tallied(coded, asked), CELL_COUNTS)
        return cell_exposure(self._engine, wanted)

    def _holds(self, coded: Coded, asked: pl.DataFrame) -> bool:
        """Whether nothing but what is coded, on days of the counts, is asked for."""
        wanted = known_keys(asked)
        return (
            wanted.keys() <= coded.known.keys()
            and asked["day"].is_in(self._counts.days).all()
            and all(np.isin(keys, coded.known[name]).all() for name, keys in wanted.items())
        )

    @cached_property
    def _coded(self) -> Coded | None:
        counts = self._counts
        size = _sizes(self._engine, counts.days)
        keeper: Keeper | None = None if self._shelf is None else OnShelf(self._shelf)
        if sum(size.values()) <= HELD:
            keeper = InMemory()
        if keeper is None or max(size.values(), default=LARGE + 1) > LARGE:
            return None
        rows = [(name, value) for name, own in _askable(counts).items() for value in own]
        schema = {name: pl.String() for name in (ATTRIBUTE_KEY[0], VALUE_KEY[0])}
        values = pl.DataFrame(rows, schema=schema, orient="row").with_columns(
            pl.lit(None, pl.String()).alias(name) for name in (*ATTRIBUTE_KEY[1:], *VALUE_KEY[1:])
        )
        known = known_keys(with_keys(self._engine, values))
        return Coded(self._engine, known, windows(size), keeper)


def _askable(counts: Counts) -> dict[str, Sequence[str]]:
    """What fits may ask for: every value of attributes that a fault has, and the individuals."""
    known: dict[str, Sequence[str]] = {name: counts.columns[name].levels for name in counts.names}
    for group in individuals(counts):
        for name, codes in zip(group.names, group.codes.T, strict=True):
            if name not in counts.names:
                levels = counts.columns[name].levels
                known[name] = [*known.get(name, ()), *(levels[code] for code in np.unique(codes))]
    return known


def _tallied(coded: Coded, asked: pl.DataFrame) -> list[pl.DataFrame]:
    days = np.unique(days_of(asked))
    return tallied(asked, days, coded.known, coded.of(days, _names(asked)))


def _sizes(engine: SqlEngine, days: Sequence[date]) -> dict[date, int]:
    """The sessions of each day."""
    if not days:
        return {}
    since, until = span(days)
    rows = engine.model("attribute/day_sessions", since=since, until=until)
    size = dict(zip(rows["day"].cast(pl.Date).to_list(), rows["sessions"].to_list(), strict=True))
    return {day: size.get(day, 0) for day in days}


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
