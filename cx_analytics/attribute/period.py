"""The days of one fit: counts and cells sliced to them.

Belongs here: what a search asks of its days (which faults a cell has, which cells a fault is in).
Stays out: which cells there are (cells.py) and what they are worth (search.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from cx_analytics.attribute.cells import Cells, Key, Numbers
from cx_analytics.attribute.counts import Counts, Floats, Ints, runs

FAULTS = 100_000
"""Faults whose cells are looked at together."""
CHUNK = 128
"""Cells whose entries are looked at together; they fit into a processor's cache."""


@dataclass(frozen=True)
class Period:
    """The days of one fit: counts and cells sliced, exposures summed up.

    Attributes
    ----------
    first, last : half-open range of day indices in the run.
    faults : slice of the run's faults; all fault indices below count from its start.
    cell : for each kept cell its index in the run's Cells.
    exposure : running sum of exposure over days, shape (cells, days + 1).
    size : faults of each kept cell.
    own : these faults, ascending; numbered as in the run, for they are not copied.
    """

    counts: Counts
    cells: Cells
    first: int
    last: int
    faults: slice
    cell: Ints
    exposure: Floats
    size: Ints
    own: tuple[Numbers, ...]
    day: Ints
    kind: Ints

    @classmethod
    def of(cls, counts: Counts, cells: Cells, first: int, last: int) -> Period:
        """The cells that the faults of the days first <= day < last point to often enough.

        What later days point to must not be a candidate earlier: a fit says the same whether
        the days are run one by one or in one go.
        """
        begin, end = np.searchsorted(counts.day, [first, last]).tolist()
        inside = [_between(faults, begin, end) for faults in cells.faults]
        size = np.array([len(faults) for faults in inside], dtype=np.int64)
        total = cells.exposure[:, first:last].sum(axis=1)
        kept = np.flatnonzero((size >= cells.least) & (total > 0))
        exposure = np.cumsum(cells.exposure[kept, first:last], axis=1)
        return cls(
            counts=counts,
            cells=cells,
            first=first,
            last=last,
            faults=slice(begin, end),
            cell=kept,
            exposure=np.concatenate([np.zeros((len(kept), 1)), exposure], axis=1),
            size=size[kept],
            own=tuple(inside[n] for n in kept),
            day=counts.day[begin:end] - first,
            kind=counts.kind[begin:end],
        )

    @property
    def days(self) -> int:
        return self.last - self.first

    @property
    def sessions(self) -> float:
        return float(self.counts.strata[:, :, self.first : self.last].sum())

    @property
    def types(self) -> int:
        return len(self.counts.kinds)

    @cached_property
    def hour_of_day(self) -> Ints:
        """Of each fault."""
        return self.counts.hour[self.faults] % 24

    def key(self, cell: int) -> Key:
        return self.cells.keys[int(self.cell[cell])]

    @cached_property
    def place(self) -> dict[Key, int]:
        """Where each kept cell is."""
        return {self.key(n): n for n in range(len(self.cell))}

    def members(self, cell: int, first: int = 0, last: int | None = None) -> Ints:
        """The faults of a cell on days first <= day < last of the period."""
        stop = self.days if last is None else last
        begin, end = np.searchsorted(self.day, [first, stop]).tolist()
        before = self.faults.start
        own = _between(self.own[cell], before + begin, before + end)
        return np.asarray(own.astype(np.int64) - before)

    def entries(self, cells: Ints) -> tuple[Ints, Ints]:
        """(position in `cells`, fault) of all faults of some cells, cell after cell."""
        place = np.repeat(np.arange(len(cells)), self.size[cells])
        own = [_NO_FAULTS, *(self.own[cell] for cell in cells.tolist())]
        return place, np.subtract(np.concatenate(own), self.faults.start, dtype=np.int64)

    def shared(self, faults: Ints) -> Ints:
        """How many of some faults each cell has."""
        start, cell = self._by_fault
        size = np.zeros(len(self.cell), dtype=np.int64)
        for begin in range(0, len(faults), FAULTS):
            entries = runs(start, cell, faults[begin : begin + FAULTS])[1]
            size += np.bincount(entries, minlength=len(size))
        return size

    @cached_property
    def _by_fault(self) -> tuple[Ints, Numbers]:
        """The cells of each fault, fault after fault, and where each fault's begin."""
        size, begin = np.zeros(len(self.day), dtype=np.int64), self.faults.start
        for own in self.own:
            size[own - begin] += 1
        start = np.concatenate([[0], np.cumsum(size)])
        cell, next_ = np.empty(start[-1], dtype=np.int32), start[:-1].copy()
        for number, own in enumerate(self.own):
            cell[next_[own - begin]] = number
            next_[own - begin] += 1
        return start, cell

    def codes(self, name: str) -> Ints:
        return self.counts.columns[name].codes[self.faults]


_NO_FAULTS: Ints = np.zeros(0, dtype=np.int64)


def _between(faults: Numbers, begin: int, end: int) -> Numbers:
    """Those of some ascending faults with begin <= fault < end; not copied."""
    if not len(faults) or (begin <= faults[0] and faults[-1] < end):
        return faults
    first, last = np.searchsorted(faults, [begin, end])
    return faults[first:last]


def chunks(cells: Ints) -> list[Ints]:
    """Cells in runs whose entries and windows fit into a processor's cache; at least one run."""
    return [cells[n : n + CHUNK] for n in range(0, max(len(cells), 1), CHUNK)]
