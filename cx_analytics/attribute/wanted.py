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
    named = _named(counts, merged(groups))
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
    none: Ints = np.zeros(0, dtype=np.int64)
    lacking, cells, days, before = list[Group](), [none], [none], 0
    for group in groups:
        open_days = ~asked.counted(group)
        some = open_days.any(axis=1)
        if some.any():
            lacking.append(Group(group.names, group.codes[some]))
            cell, day = np.nonzero(open_days[some])
            cells.append(before + cell)
            days.append(day)
            before += int(some.sum())
    named = _named(asked.counts, lacking).select(pl.all().gather(np.concatenate(cells)))
    known = pl.Series("day", asked.counts.days, dtype=pl.Date)
    return named.with_columns(known[np.concatenate(days)], hourly=pl.lit(False))


def _named(counts: Counts, groups: Sequence[Group]) -> pl.DataFrame:
    """The cells of some groups as attribute and value names, group after group."""
    words, first = counts.words
    none: Ints = np.zeros(0, dtype=np.int64)
    group = np.concatenate([none, *(np.full(len(one.codes), n) for n, one in enumerate(groups))])
    data = {}
    for place in range(len(CELL_KEY) // 2):
        names = [one.names[place] if place < len(one.names) else None for one in groups]
        parts = [
            np.full(len(one.codes), len(words) - 1)
            if name is None
            else first[name] + one.codes[:, place]
            for name, one in zip(names, groups, strict=True)
        ]
        data[f"attribute_{place + 1}"] = pl.Series(names, dtype=pl.String()).gather(group)
        data[f"value_{place + 1}"] = words.gather(np.concatenate([none, *parts]))
    return pl.DataFrame(data, schema=_CELL)
