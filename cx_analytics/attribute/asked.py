"""Exposure of asked-for cells: the rows that the engine counted, as arrays by cell and day.

Belongs here: looking cells up among the value counts and the cells counted on request. Stays
out: which cells are asked for (wanted.py, refine.py) and counting them (exposure.py).
"""

from __future__ import annotations

from datetime import date
from itertools import combinations
from typing import NamedTuple

import numpy as np
import polars as pl

from cx_analytics.attribute.aggregate import ATTRIBUTE_KEY, VALUE_KEY
from cx_analytics.attribute.candidates import Group, Names
from cx_analytics.attribute.counts import Bools, Counts, Floats, Ints

COVERED = 0.97
"""A pair that covers more than this of a parent's sessions is not separable from it."""
_CODE = ["code_1", "code_2", "code_3"]


class _Counted(NamedTuple):
    """The counted cells of one set of attributes, by (cell, day).

    `key` is one ascending number a cell, made of its codes; `there` says where it was counted.
    """

    key: Ints
    sessions: Floats
    there: Bools


class Asked:
    """Exposure of cells: from the value counts, or from the cells counted on request.

    Names become codes once, when rows are learned; what follows is done on numbers.
    """

    def __init__(self, counts: Counts) -> None:
        self.counts = counts
        self._rows: dict[Names, list[tuple[Ints, Ints, Floats]]] = {}
        self._tables: dict[Names, _Counted] = {}
        self._codes = _codes(counts)
        if counts.cells is not None:
            self.learn(counts.cells)

    def learn(self, cells: pl.DataFrame) -> None:
        """Take in more rows of CELL_COUNTS; those by hour are left aside."""
        for part in self._coded(cells).partition_by(ATTRIBUTE_KEY):
            names = tuple(name for name in part.select(ATTRIBUTE_KEY).row(0) if name is not None)
            codes = part.select(_CODE[: len(names)]).to_numpy().T
            key = np.ravel_multi_index(tuple(codes), self._levels(names))
            rows = key, part["at"].to_numpy(), part["sessions"].to_numpy().astype(float)
            self._rows.setdefault(names, []).append(rows)
            self._tables.pop(names, None)

    def _coded(self, cells: pl.DataFrame) -> pl.DataFrame:
        """Whole-day rows with the code of each value and the index of the day.

        Rows of other days, and of values that no fault has, are left out.
        """
        if not self.counts.days:
            return cells.clear()
        first = date_number(self.counts.days[0])
        at = pl.col("day").cast(pl.Int32).cast(pl.Int64) - first
        rows = cells.with_columns(at=at).filter(
            pl.col("hour").is_null(), pl.col("at").is_between(0, len(self.counts.days) - 1)
        )
        for name, value, code in zip(ATTRIBUTE_KEY, VALUE_KEY, _CODE, strict=True):
            table = self._codes.rename({"attribute": name, "value": value, "code": code})
            rows = rows.with_columns(pl.col(name, value).cast(pl.String))
            rows = rows.join(table, on=[name, value], how="left", maintain_order="left")
            rows = rows.filter(pl.col(name).is_null() | pl.col(code).is_not_null())
        return rows.select(*ATTRIBUTE_KEY, *_CODE, "at", "sessions")

    def exposure(self, group: Group) -> tuple[Floats, Bools]:
        """Sessions by (cell of the group, day), and which cells are usable candidates."""
        exposure, known = self.known(group)
        if len(group.names) > 1:
            known &= ~self._covers_parent(group, exposure)
        return exposure, known

    def counted(self, group: Group) -> Bools:
        """Whether each cell was counted, by (cell of the group, day)."""
        if group.names not in self._rows:
            return np.zeros((len(group.codes), len(self.counts.days)), dtype=bool)
        table = self._table(group.names)
        at, same = self._rows_of(table, group)
        return np.asarray(table.there[at] & same[:, None])

    def conjunctions(self) -> list[Group]:
        """The pairs and triples that were counted on some day."""
        found = []
        for names in sorted(names for names in self._rows if len(names) > 1):
            key = self._table(names).key
            if len(key):
                codes = np.stack(np.unravel_index(key, self._levels(names)), axis=1)
                found.append(Group(names, codes.astype(np.int64)))
        return [group for group in found if set(group.names) <= set(self.counts.names)]

    def numbers(self, group: Group) -> Ints:
        """One number a cell, made of its codes."""
        key = np.ravel_multi_index(tuple(group.codes.T), self._levels(group.names))
        return np.asarray(key, dtype=np.int64)

    def _rows_of(self, table: _Counted, group: Group) -> tuple[Ints, Bools]:
        """Row of each cell of a group in a table, and whether it is there at all."""
        key = self.numbers(group)
        at = np.minimum(np.searchsorted(table.key, key), len(table.key) - 1)
        return at, np.asarray(table.key[at] == key)

    def _table(self, names: Names) -> _Counted:
        if names not in self._tables:
            parts = zip(*self._rows[names], strict=True)
            key, at, sessions = (np.concatenate(part) for part in parts)
            keys, place = np.unique(key, return_inverse=True)
            table = np.zeros((len(keys), max(len(self.counts.days), 1)))
            there = np.zeros(table.shape, dtype=bool)
            table[place, at], there[place, at] = sessions, True
            self._tables[names] = _Counted(keys, table, there)
        return self._tables[names]

    def _levels(self, names: Names) -> list[int]:
        return [len(self.counts.columns[name].levels) for name in names]

    def _covers_parent(self, group: Group, exposure: Floats) -> Bools:
        """Cells that are nearly all of a cell with one condition less."""
        covers = np.zeros(len(group.codes), dtype=bool)
        for kept in combinations(range(len(group.names)), len(group.names) - 1):
            parent = Group(tuple(group.names[n] for n in kept), group.codes[:, list(kept)])
            if len(kept) > 1 or parent.names[0] in self.counts.values:
                around, known = self.known(parent)
                covers |= known & (exposure.sum(axis=1) > COVERED * around.sum(axis=1))
        return covers

    def known(self, group: Group) -> tuple[Floats, Bools]:
        """Sessions by (cell, day) wherever they are known, and where that is."""
        if len(group.names) == 1 and group.names[0] in self.counts.values:
            exposure = self.counts.values[group.names[0]][group.codes[:, 0]]
            return exposure, np.ones(len(exposure), dtype=bool)
        if group.names not in self._rows:
            none = np.zeros((len(group.codes), max(len(self.counts.days), 1)))
            return none, np.zeros(len(group.codes), dtype=bool)
        table = self._table(group.names)
        at, same = self._rows_of(table, group)
        return np.where(same[:, None], table.sessions[at], 0.0), same


def _codes(counts: Counts) -> pl.DataFrame:
    """The code of every value of every attribute."""
    schema = {"attribute": pl.String(), "value": pl.String(), "code": pl.Int64()}
    frames = [
        pl.DataFrame({"value": column.levels}, schema={"value": pl.String})
        .with_row_index("code")
        .select(pl.lit(name).alias("attribute"), "value", pl.col("code").cast(pl.Int64))
        for name, column in counts.columns.items()
    ]
    return pl.concat([pl.DataFrame(schema=schema), *frames])


def date_number(day: date) -> int:
    """Days since 1970, as Arrow counts them.

    >>> date_number(date(1970, 1, 2))
    1
    """
    return day.toordinal() - date(1970, 1, 1).toordinal()
