"""Exposure of asked-for cells: the rows that the engine counted, as arrays by cell and day.

Belongs here: looking cells up among the value counts and the cells counted on request. Stays
out: which cells are asked for (wanted.py, refine.py) and counting them (aggregate.py).
"""

from __future__ import annotations

from datetime import date
from itertools import combinations

import numpy as np
import polars as pl

from cx_analytics.attribute.aggregate import ATTRIBUTE_KEY, VALUE_KEY
from cx_analytics.attribute.candidates import Group, Names
from cx_analytics.attribute.counts import Bools, Counts, Floats, Ints

COVERED = 0.97
"""A pair that covers more than this of a parent's sessions is not separable from it."""


class Asked:
    """Exposure of cells: from the value counts, or from the cells counted on request."""

    def __init__(self, counts: Counts) -> None:
        self.counts = counts
        self.groups: dict[Names, list[pl.DataFrame]] = {}
        self._coded: dict[Names, tuple[Ints, Ints, Floats]] = {}
        if counts.cells is not None:
            self.learn(counts.cells)

    def learn(self, cells: pl.DataFrame) -> None:
        """Take in more rows of CELL_COUNTS; those by hour are left aside."""
        for part in cells.filter(pl.col("hour").is_null()).partition_by(ATTRIBUTE_KEY):
            names = tuple(name for name in part.select(ATTRIBUTE_KEY).row(0) if name is not None)
            self.groups.setdefault(names, []).append(part)
            self._coded.pop(names, None)

    def exposure(self, group: Group) -> tuple[Floats, Bools]:
        """Sessions by (cell of the group, day), and which cells are usable candidates."""
        exposure, known = self.known(group)
        if len(group.names) > 1:
            known &= ~self._covers_parent(group, exposure)
        return exposure, known

    def coded(self, names: Names) -> tuple[Ints, Ints, Floats]:
        """Of the counted cells of some attributes: one key a cell, the day, the sessions."""
        if names not in self._coded:
            counts, part = self.counts, pl.concat(self.groups[names], how="diagonal_relaxed")
            columns = [counts.columns[name] for name in names]
            codes = [one.coded(part[key]) for one, key in zip(columns, VALUE_KEY, strict=False)]
            day = (part["day"].cast(pl.Int32) - date_number(counts.days[0])).to_numpy()
            good = (np.min(codes, axis=0) >= 0) & (day >= 0) & (day < len(counts.days))
            key = np.ravel_multi_index(
                tuple(code[good] for code in codes), [len(one.levels) for one in columns]
            )
            self._coded[names] = key, day[good].astype(np.int64), part["sessions"].to_numpy()[good]
        return self._coded[names]

    def _counted(self, group: Group) -> tuple[Floats, Bools]:
        counts = self.counts
        values, day, sessions = self.coded(group.names)
        size = [len(counts.columns[name].levels) for name in group.names]
        key = np.ravel_multi_index(tuple(group.codes.T), size)
        order = np.argsort(key)
        at = np.searchsorted(key[order], values)
        cell = order[np.minimum(at, len(order) - 1)]
        same = key[cell] == values
        exposure = np.zeros((len(group.codes), len(counts.days)))
        exposure[cell[same], day[same]] = sessions[same]
        cell = cell[same]
        return exposure, np.bincount(cell, minlength=len(group.codes)) > 0

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
        if group.names not in self.groups:
            none = np.zeros((len(group.codes), max(len(self.counts.days), 1)))
            return none, np.zeros(len(group.codes), dtype=bool)
        return self._counted(group)


def date_number(day: date) -> int:
    """Days since 1970, as Arrow counts them.

    >>> date_number(date(1970, 1, 2))
    1
    """
    return day.toordinal() - date(1970, 1, 1).toordinal()
