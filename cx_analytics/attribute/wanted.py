"""The question to the engine: which cells must be counted, on which days.

Belongs here: putting all candidates into one table. Stays out: choosing them (pairs.py,
candidates.py, incidents.py) and counting (exposure.py).
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import polars as pl

from cx_analytics.attribute.aggregate import CELL_KEY
from cx_analytics.attribute.asked import Asked
from cx_analytics.attribute.candidates import Group, Names, individuals, singles
from cx_analytics.attribute.counts import Counts, Ints
from cx_analytics.attribute.incidents import scan
from cx_analytics.attribute.pairs import pairs

_CELL = {name: pl.String() for name in CELL_KEY}


def wanted_cells(counts: Counts) -> pl.DataFrame:
    """The (cell, day) whose exposure the search needs beyond the value counts, each once.

    Columns of CELL_KEY, `day` and `hourly`; give it to `missing_cells`, count what is
    missing with `cell_exposure`, store it, and hand everything to `Counts.with_cells`.
    """
    groups = [group for group in singles(counts) if group.names[0] in counts.wide]
    groups += [*pairs(counts), *individuals(counts)]
    return pl.concat([on_all_days(counts, groups), _by_hour(counts)])


def on_all_days(counts: Counts, groups: Iterable[Group]) -> pl.DataFrame:
    """The cells of some groups, asked for once on every day of the counts (not by hour)."""
    frames = [_named(counts, group) for group in merged(groups)]
    named = pl.concat([pl.DataFrame(schema=_CELL), *frames])
    days = pl.DataFrame({"day": counts.days}, schema={"day": pl.Date()})
    return named.join(days, how="cross").with_columns(hourly=pl.lit(False))


def _by_hour(counts: Counts) -> pl.DataFrame:
    """The values that may have had an incident, on the days that it touches."""
    rows = {
        (name, counts.columns[name].levels[code], day)
        for name, code, first, last in scan(counts)
        for day in counts.days[first // 24 : -(-last // 24)]
    }
    schema = {"attribute_1": pl.String(), "value_1": pl.String(), "day": pl.Date()}
    asked = pl.DataFrame(sorted(rows), schema=schema, orient="row")
    others = [pl.lit(None, dtype=pl.String).alias(name) for name in CELL_KEY[2:]]
    return asked.with_columns(*others, hourly=pl.lit(True)).select(*CELL_KEY, "day", "hourly")


def merged(groups: Iterable[Group]) -> list[Group]:
    """Groups with each set of attributes once, and each cell once."""
    codes: dict[Names, list[Ints]] = {}
    for group in groups:
        codes.setdefault(group.names, []).append(group.codes)
    return [
        Group(names, np.unique(np.concatenate(parts), axis=0))
        for names, parts in sorted(codes.items())
    ]


def uncounted(asked: Asked, groups: Iterable[Group]) -> pl.DataFrame:
    """The (cell, day) of some groups, as `merged` gives them, that were not counted yet."""
    found = [(group, np.argwhere(~asked.counted(group))) for group in groups]
    found = [(group, rows) for group, rows in found if len(rows)]
    frames = [_named(asked.counts, group) for group, _ in found]
    missing = [rows for _, rows in found]
    none = np.zeros((0, 2), dtype=np.int64)
    at = np.concatenate([none, *missing])
    before = np.cumsum([0, *(len(frame) for frame in frames)])[: len(frames)]
    cell = at[:, 0] + np.repeat(before, [len(rows) for rows in missing])
    days = pl.Series("day", asked.counts.days, dtype=pl.Date)
    named = pl.concat([pl.DataFrame(schema=_CELL), *frames])
    return named.select(pl.all().gather(cell)).with_columns(days[at[:, 1]], hourly=pl.lit(False))


def _named(counts: Counts, group: Group) -> pl.DataFrame:
    """A group's cells as attribute and value names."""
    missing = pl.Series([None], dtype=pl.String())
    data = {}
    for place in range(len(CELL_KEY) // 2):
        there = place < len(group.names)
        name = group.names[place] if there else None
        codes = group.codes[:, place] if there else np.zeros(len(group.codes), dtype=np.int64)
        data[f"attribute_{place + 1}"] = pl.repeat(name, len(codes), dtype=pl.String(), eager=True)
        levels = counts.columns[name].names if name is not None else missing
        data[f"value_{place + 1}"] = levels.gather(codes)
    return pl.DataFrame(data, schema=_CELL)
