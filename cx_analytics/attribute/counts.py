"""Counts: everything that attribution knows, as arrays made once and sliced by window.

Belongs here: turning the stored aggregates into arrays (faults, exposure of values, exposure
of the background's strata). Stays out: which cells are candidates (candidates.py, cells.py).

Faults are sorted by time, so a range of days is a slice. A value is a code into the sorted
levels of its attribute; a missing value is -1 and never matches, but its sessions are in the
strata's exposure like all others.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cx_analytics.attribute.aggregate import FAULT_ROWS, STRATUM_COUNTS, VALUE_COUNTS
from cx_analytics.contracts.attributes import Attribute

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
_Width = TypeVar("_Width", bound=np.integer[Any])

RARE_TYPE = 10
MAX_TYPES = 12
"""Fault codes with fewer faults than RARE_TYPE, or beyond the MAX_TYPES most frequent, are
fitted together: a code with a handful of faults has no background of its own."""

INDIVIDUALS = ("customer_id", "unit_id")

ROWS = ("day", "started_at", "session_id", *INDIVIDUALS)
"""What is kept of the fault rows beside codes: texts take more memory than all else."""


@dataclass(frozen=True)
class Coded:
    """One column of the fault rows: its sorted levels, and a code per fault (-1 = missing)."""

    levels: tuple[str, ...]
    codes: Ints

    @classmethod
    def of(cls, column: pl.Series) -> Coded:
        levels = column.drop_nulls().unique().sort()
        place = pl.DataFrame({"value": levels}).with_row_index("code")
        codes = pl.DataFrame({"value": column}).join(
            place, on="value", how="left", maintain_order="left"
        )["code"]
        return cls(tuple(levels.to_list()), codes.cast(pl.Int64).fill_null(-1).to_numpy())

    @cached_property
    def place(self) -> dict[str, int]:
        """The code of each level."""
        return {level: code for code, level in enumerate(self.levels)}

    @cached_property
    def _by_level(self) -> tuple[Ints, Ints]:
        """Faults in order of their level, and where each level starts."""
        order = np.argsort(self.codes, kind="stable")
        return order, np.searchsorted(self.codes[order], np.arange(len(self.levels) + 1))

    def faults(self, codes: Ints) -> Ints:
        """The faults of some levels: level after level, each ascending."""
        order, start = self._by_level
        return runs(start, order, codes)[1]

    def tally(self, codes: Ints) -> int:
        """How many faults some levels have."""
        start = self._by_level[1]
        return int((start[codes + 1] - start[codes]).sum())

    def coded(self, values: Iterable[str]) -> Ints:
        """Codes of some values; -1 where no fault has the value."""
        return np.array([self.place.get(value, -1) for value in values], dtype=np.int64)


@dataclass(frozen=True)
class Counts:
    """The counts of a run of days.

    Attributes
    ----------
    attributes : the attributes in question, sorted by name; one that has the same value (or
        none) in every session tells nothing and is left out.
    days : the days, without gaps, first to last.
    rows : who had each fault, and when (columns ROWS), sorted by time.
    columns : attribute or individual -> codes of the fault rows.
    day, hour, kind, stratum : per fault: index of the day, hour since the first day's start,
        index of the fault type, index of the stratum.
    values : attribute -> sessions by (level, day); only attributes that are not wide.
    strata : sessions by (stratum, hour of day, day).
    cells : rows of CELL_COUNTS, or None while nothing was asked for.
    """

    attributes: tuple[Attribute, ...]
    days: tuple[date, ...]
    rows: pl.DataFrame
    columns: Mapping[str, Coded]
    kinds: tuple[str, ...]
    day: Ints
    hour: Ints
    kind: Ints
    stratum: Ints
    values: Mapping[str, Floats]
    strata: Floats
    cells: pl.DataFrame | None = None

    @cached_property
    def words(self) -> tuple[pl.Series, dict[str, int]]:
        """The levels of all columns and a null at the end, and where each column's begin."""
        sizes = [len(column.levels) for column in self.columns.values()]
        first = [sum(sizes[:n]) for n in range(len(sizes))]
        levels = [level for column in self.columns.values() for level in column.levels]
        words = pl.Series([*levels, None], dtype=pl.String())
        return words, dict(zip(self.columns, first, strict=True))

    @classmethod
    def build(
        cls,
        aggregates: Mapping[str, pl.DataFrame],
        attributes: Sequence[Attribute],
        *,
        cells: pl.DataFrame | None = None,
        stratum: str | None = "network_type",
    ) -> Counts:
        """Counts from the aggregates of `day_aggregates`, days concatenated in any order."""
        chosen = _telling(attributes, aggregates[VALUE_COUNTS.name])
        days = _all_days(aggregates[STRATUM_COUNTS.name]["day"])
        rows = aggregates[FAULT_ROWS].sort("started_at", "session_id")
        names = [attribute.name for attribute in chosen]
        columns = {
            name: Coded.of(rows[name]) for name in sorted({*names, *INDIVIDUALS} & {*rows.columns})
        }
        levels, strata = _strata(aggregates[STRATUM_COUNTS.name], days)
        kinds, kind = _kinds(rows["fault_code"])
        day = _day_index(rows["day"], days)
        values = aggregates[VALUE_COUNTS.name]
        return cls(
            attributes=chosen,
            days=days,
            rows=rows.select(ROWS),
            columns=columns,
            kinds=kinds,
            day=day,
            hour=day * 24 + rows["started_at"].dt.hour().cast(pl.Int64).to_numpy(),
            kind=kind,
            stratum=_stratum_of(rows, stratum if stratum in names else None, levels),
            values=_values(values, columns, names, days),
            strata=strata,
            cells=cells,
        )

    def with_cells(self, cells: pl.DataFrame) -> Counts:
        """The same counts, knowing the exposure of these cells."""
        return replace(self, cells=cells)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(attribute.name for attribute in self.attributes)

    @property
    def sessions(self) -> Floats:
        """Sessions by day."""
        total: Floats = self.strata.sum(axis=(0, 1))
        return total

    @property
    def wide(self) -> tuple[str, ...]:
        """Attributes whose values are counted only where faults point."""
        return tuple(name for name in self.names if name not in self.values)

    @property
    def has_hours(self) -> bool:
        """Whether the sessions lie in more than one hour of some day."""
        return bool(((self.strata.sum(axis=0) > 0).sum(axis=0) > 1).any())

    def index(self, day: date) -> int:
        return (day - self.days[0]).days


def _telling(attributes: Sequence[Attribute], values: pl.DataFrame) -> tuple[Attribute, ...]:
    """Attributes with more than one value, a missing one included; wide ones have no rows."""
    breadth = dict(values.group_by("attribute").agg(pl.col("value").n_unique()).iter_rows())
    return tuple(sorted({one for one in attributes if breadth.get(one.name, 2) > 1}))


def _all_days(days: pl.Series) -> tuple[date, ...]:
    if days.is_empty():
        return ()
    listed: list[date] = days.unique().sort().to_list()
    first, last = listed[0], listed[-1]
    return tuple(first + timedelta(n) for n in range((last - first).days + 1))


def _day_index(days: pl.Series, all_days: tuple[date, ...]) -> Ints:
    if not all_days:
        return np.zeros(0, dtype=np.int64)
    since = days.cast(pl.Date).to_numpy() - np.datetime64(all_days[0], "D")
    return np.asarray(since.astype("timedelta64[D]").astype(np.int64))


def _kinds(codes: pl.Series) -> tuple[tuple[str, ...], Ints]:
    """Fault types by frequency, the rare ones pooled into the last."""
    if codes.is_empty():
        return ("fault",), np.zeros(0, dtype=np.int64)
    tally = (
        codes.alias("code")
        .to_frame()
        .group_by("code")
        .len()
        .sort(["len", "code"], descending=[True, False])
    )
    own = tally.filter(pl.col("len") >= RARE_TYPE)["code"].to_list()[:MAX_TYPES]
    place = {code: n for n, code in enumerate(own)}
    kind = np.array([place.get(code, len(own)) for code in codes.to_list()], dtype=np.int64)
    kinds = (*own, "other") if (kind == len(own)).any() else tuple(own)
    return kinds, kind


def _strata(frame: pl.DataFrame, days: tuple[date, ...]) -> tuple[tuple[str | None, ...], Floats]:
    """Levels of the stratum attribute (a missing one is a level) and the exposure array."""
    listed = frame["stratum"].unique().sort().to_list() if days else [None]
    levels: tuple[str | None, ...] = tuple(listed)
    exposure = np.zeros((len(levels), 24, max(len(days), 1)))
    place = {level: n for n, level in enumerate(levels)}
    at = np.array([place[level] for level in frame["stratum"].to_list()], dtype=np.int64)
    day = _day_index(frame["day"], days)
    np.add.at(exposure, (at, frame["hour"].to_numpy(), day), frame["sessions"].to_numpy())
    return levels, exposure


def _stratum_of(rows: pl.DataFrame, name: str | None, levels: tuple[str | None, ...]) -> Ints:
    if name is None:
        return np.zeros(rows.height, dtype=np.int64)
    place = {level: n for n, level in enumerate(levels)}
    return np.array([place.get(value, 0) for value in rows[name].to_list()], dtype=np.int64)


def _values(
    frame: pl.DataFrame,
    columns: Mapping[str, Coded],
    names: Sequence[str],
    days: tuple[date, ...],
) -> dict[str, Floats]:
    """Sessions by (level, day) of each attribute that is counted on every day with sessions."""
    parts = {part["attribute"][0]: part for part in frame.partition_by("attribute")}
    busy = max((part["day"].n_unique() for part in parts.values()), default=0)
    found = {}
    for name in names:
        if name not in parts or parts[name]["day"].n_unique() < busy:
            continue
        levels = pl.DataFrame({"value": columns[name].levels}, schema={"value": pl.String})
        part = parts[name].join(levels.with_row_index("code"), on="value", how="inner")
        exposure = np.zeros((len(columns[name].levels), len(days)))
        at = part["code"].cast(pl.Int64).to_numpy()
        exposure[at, _day_index(part["day"], days)] = part["sessions"].to_numpy()
        found[name] = exposure
    return found


def runs(start: Ints, values: NDArray[_Width], rows: Ints) -> tuple[Ints, NDArray[_Width]]:
    """(position in `rows`, value) of the values[start[r]:start[r + 1]] of some rows r."""
    size = start[rows + 1] - start[rows]
    place = np.repeat(np.arange(len(rows)), size)
    before = np.cumsum(size) - size
    return place, values[np.arange(len(place)) + (start[rows] - before)[place]]
