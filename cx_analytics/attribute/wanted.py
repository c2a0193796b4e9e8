"""The question to the engine: which cells must be counted, on which days.

Belongs here: putting all candidates into one table. Stays out: choosing them (pairs.py,
candidates.py, incidents.py) and counting (aggregate.py).
"""

from __future__ import annotations

import numpy as np
import polars as pl

from cx_analytics.attribute.aggregate import CELL_KEY
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
    days = pl.DataFrame({"day": counts.days}, schema={"day": pl.Date()})
    whole = [_named(counts, group).join(days, how="cross") for group in groups]
    frames = [frame.with_columns(hourly=pl.lit(False)) for frame in whole]
    for name, code, first, last in scan(counts):
        touched = counts.days[first // 24 : -(-last // 24)]
        frame = _named(counts, Group((name,), np.array([[code]])))
        frames.append(
            frame.join(pl.DataFrame({"day": touched}), how="cross").with_columns(
                hourly=pl.lit(True)
            )
        )
    schema = {name: pl.String() for name in CELL_KEY} | {"day": pl.Date(), "hourly": pl.Boolean()}
    whole_frame = pl.concat(frames) if frames else pl.DataFrame(schema=schema)
    return whole_frame.unique().sort([*CELL_KEY, "day", "hourly"])


def _named(counts: Counts, group: Group) -> pl.DataFrame:
    """A group's cells as attribute and value names."""
    height = len(group.codes)
    data: dict[str, list[str | None]] = {}
    for place in range(2):
        name = group.names[place] if place < len(group.names) else None
        data[f"attribute_{place + 1}"] = [name] * height
        data[f"value_{place + 1}"] = (
            [counts.columns[name].levels[code] for code in group.codes[:, place]]
            if name is not None
            else [None] * height
        )
    return pl.DataFrame(data, schema={key: pl.String() for key in CELL_KEY})
