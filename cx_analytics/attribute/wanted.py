"""The question to the engine: which cells must be counted, on which days.

Belongs here: putting all candidates into one table. Stays out: choosing them (pairs.py,
candidates.py, incidents.py) and counting (exposure.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import polars as pl

from cx_analytics.attribute.aggregate import CELL_KEY
from cx_analytics.attribute.asked import Asked
from cx_analytics.attribute.candidates import Group, individuals, singles
from cx_analytics.attribute.counts import Counts
from cx_analytics.attribute.incidents import scan
from cx_analytics.attribute.pairs import pairs


def wanted_cells(counts: Counts) -> pl.DataFrame:
    """The (cell, day) whose exposure the search needs beyond the value counts.

    Columns of CELL_KEY, `day` and `hourly`; give it to `missing_cells`, count what is
    missing with `cell_exposure`, store it, and hand everything to `Counts.with_cells`.
    """
    groups = [group for group in singles(counts) if group.names[0] in counts.wide]
    groups += [*pairs(counts), *individuals(counts)]
    frames = [on_all_days(counts, groups)]
    for name, code, first, last in scan(counts):
        touched = counts.days[first // 24 : -(-last // 24)]
        frame = _named(counts, Group((name,), np.array([[code]])))
        frames.append(
            frame.join(pl.DataFrame({"day": touched}), how="cross").with_columns(
                hourly=pl.lit(True)
            )
        )
    return pl.concat(frames).unique().sort([*CELL_KEY, "day", "hourly"])


def on_all_days(counts: Counts, groups: Iterable[Group]) -> pl.DataFrame:
    """The cells of some groups, asked for on every day of the counts (not by hour)."""
    schema = {name: pl.String() for name in CELL_KEY}
    named = pl.concat([pl.DataFrame(schema=schema), *(_named(counts, group) for group in groups)])
    days = pl.DataFrame({"day": counts.days}, schema={"day": pl.Date()})
    return named.join(days, how="cross").with_columns(hourly=pl.lit(False))


def uncounted(asked: Asked, groups: Sequence[Group]) -> pl.DataFrame:
    """The (cell, day) of some groups that were not counted yet, each once."""
    found = [(group, np.argwhere(~asked.counted(group))) for group in groups]
    found = [(group, rows) for group, rows in found if len(rows)]
    frames = [_named(asked.counts, group) for group, _ in found]
    missing = [rows for _, rows in found]
    none = np.zeros((0, 2), dtype=np.int64)
    at = np.concatenate([none, *missing])
    before = np.cumsum([0, *(len(frame) for frame in frames)])[: len(frames)]
    cell = at[:, 0] + np.repeat(before, [len(rows) for rows in missing])
    days = pl.Series("day", asked.counts.days, dtype=pl.Date)
    schema = {name: pl.String() for name in CELL_KEY}
    named = pl.concat([pl.DataFrame(schema=schema), *frames])
    rows = named.select(pl.all().gather(cell)).with_columns(days[at[:, 1]], hourly=pl.lit(False))
    return rows.unique().sort([*CELL_KEY, "day"])


def _named(counts: Counts, group: Group) -> pl.DataFrame:
    """A group's cells as attribute and value names."""
    height = len(group.codes)
    data: dict[str, list[str | None]] = {}
    for place in range(len(CELL_KEY) // 2):
        name = group.names[place] if place < len(group.names) else None
        data[f"attribute_{place + 1}"] = [name] * height
        data[f"value_{place + 1}"] = (
            [counts.columns[name].levels[code] for code in group.codes[:, place]]
            if name is not None
            else [None] * height
        )
    return pl.DataFrame(data, schema={key: pl.String() for key in CELL_KEY})
