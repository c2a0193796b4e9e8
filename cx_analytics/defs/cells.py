"""Group attribute: the counts of a fit's days, and which counted cells are kept for later days.

A cell that a fit asks for is counted on every day of its window, and on each day that comes: it may
turn out to be a cause. One that nobody has asked for during a whole window is let go on a Monday,
when fits ask anew for all that their causes need; else cells would pile up for as long as a
workspace lives, and a day would cost more with every day before it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta

import polars as pl

from cx_analytics import attribute
from cx_analytics.contracts.attributes import Attribute
from cx_analytics.contracts.ports import Shelf
from cx_analytics.contracts.tables import SESSIONS_TABLE
from cx_analytics.defs.progress import tell
from cx_analytics.defs.resources import House

CELLS = attribute.CELL_COUNTS.name
COUNTED = (attribute.FAULT_ROWS, attribute.VALUE_COUNTS.name, attribute.STRATUM_COUNTS.name)

ASKED = "attribution_asked"
"""Parts: the conjunctions that fits asked for, each with the last day of the fit that last did."""

MONDAY = 0

_KEY = [name for name in attribute.CELL_COUNTS.key if name.startswith(("attribute", "value"))]
_SCHEMA = {**dict.fromkeys(_KEY, pl.String), "asked_on": pl.Date}


def attributes_of(house: House, days: Sequence[date]) -> tuple[Attribute, ...]:
    """The attributes that the sessions of some days have."""
    paths = house.parts.paths(SESSIONS_TABLE.name, days)
    columns = {name for path in paths for name in pl.read_parquet_schema(path)}
    return house.workspace.settings.attributes_in(sorted(columns))


def counts_of(
    house: House, fits: Sequence[date], known: pl.DataFrame | None, shelf: Shelf
) -> tuple[attribute.Counts, attribute.CellCounter]:
    """The counts of all windows of the fits, with the exposure that they will ask for.

    `known` are the causes that the first fit starts from: their cells are never let go. What a fit
    asks for besides is for the counter, which keeps on `shelf` what it read of the sessions.
    """
    begin = fits[0] - timedelta(days=house.workspace.settings.window_days - 1)
    days = [day for day in house.parts.days(attribute.FAULT_ROWS) if begin <= day <= fits[-1]]
    frames = {name: house.parts.read(name, days) for name in COUNTED}
    counted = {name: frame for name, frame in frames.items() if frame is not None}
    counts = attribute.Counts.build(counted, attributes_of(house, days))
    tell("attribute", "exposure")
    house.engine.view("session", house.parts.paths(SESSIONS_TABLE.name, days))
    wanted = attribute.wanted_cells(counts)
    note_asked(house, wanted, fits[-1])
    missing = attribute.missing_cells(wanted, house.parts.read(CELLS, days))
    missing = missing.filter(pl.col("day").is_in(days))
    counter = attribute.CellCounter(house.engine, counts, shelf)
    if missing.height:
        keep_cells(house, counter(missing))
    if any(day.weekday() == MONDAY for day in fits):
        let_go(house, begin, known)
    cells = house.parts.read(CELLS, days)
    return counts if cells is None else counts.with_cells(still_asked(house, cells)), counter


def keep_cells(house: House, fresh: pl.DataFrame, asked_on: date | None = None) -> None:
    """Add counted cells to those that the days have; `asked_on` notes by which fit."""
    if asked_on is not None:
        note_asked(house, fresh, asked_on)
    for (day,), part in fresh.partition_by("day", as_dict=True).items():
        before = house.parts.read(CELLS, [day])
        both = part if before is None else pl.concat([before, part], how="diagonal_relaxed")
        house.parts.write(CELLS, both.unique().sort(both.columns), day)


def note_asked(house: House, cells: pl.DataFrame, asked_on: date) -> None:
    """Note that a fit has asked for the conjunctions among these cells."""
    now = _conjunctions(cells).select(pl.col(_KEY).cast(pl.String)).unique()
    both = pl.concat([_asked(house), now.with_columns(asked_on=pl.lit(asked_on))])
    newest = both.group_by(_KEY).agg(pl.col("asked_on").max())
    house.parts.write(ASKED, newest.select(list(_SCHEMA)).sort(_KEY))


def let_go(house: House, begin: date, known: pl.DataFrame | None) -> None:
    """Forget the conjunctions that were last asked for before a day, but for those of causes."""
    asked = _asked(house)
    fresh = asked.filter(pl.col("asked_on") >= begin)
    causes = asked.join(_of_causes(known), on=_KEY, how="semi", nulls_equal=True)
    house.parts.write(ASKED, pl.concat([fresh, causes]).unique().sort(_KEY))


def still_asked(house: House, cells: pl.DataFrame) -> pl.DataFrame:
    """The cells without the conjunctions that were let go."""
    single = cells.filter(pl.col("attribute_2").is_null())
    kept = _conjunctions(cells).with_columns(pl.col(_KEY).cast(pl.String))
    kept = kept.join(_asked(house), on=_KEY, how="semi", nulls_equal=True, maintain_order="left")
    return pl.concat([single, kept], how="vertical_relaxed")


def _asked(house: House) -> pl.DataFrame:
    noted = house.parts.read(ASKED)
    return pl.DataFrame(schema=_SCHEMA) if noted is None else noted


def _conjunctions(cells: pl.DataFrame) -> pl.DataFrame:
    return cells.filter(pl.col("attribute_2").is_not_null())


def _of_causes(known: pl.DataFrame | None) -> pl.DataFrame:
    """The conditions of causes in the columns of a cell."""
    causes = [] if known is None else known.to_dicts()
    rows = [_cell(dict(cause["conditions"]).items()) for cause in causes]
    return pl.DataFrame(rows, schema=dict.fromkeys(_KEY, pl.String), orient="row")


def _cell(conditions: Iterable[tuple[str, str]]) -> list[str | None]:
    """Conditions in the columns of a cell, by name.

    >>> _cell([("region", "R1"), ("band", "B3")])
    ['band', 'B3', 'region', 'R1', None, None]
    """
    flat = [text for condition in sorted(conditions) for text in condition]
    return [*flat[: len(_KEY)], *[None] * (len(_KEY) - len(flat))]
