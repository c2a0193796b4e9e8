"""Cells: every condition that may be a cause, with its exposure by day and its faults.

Belongs here: laying the candidate cells of a run out as arrays, and slicing them to the days
of one fit (`Period`). Stays out: where candidates come from (candidates.py, incidents.py) and
what they are worth (search.py).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import polars as pl

from cx_analytics.attribute.aggregate import CELL_KEY
from cx_analytics.attribute.candidates import (
    MIN_FAULTS,
    MIN_FAULTS_INDIVIDUAL,
    Group,
    individuals,
    nesting,
    singles,
)
from cx_analytics.attribute.counts import Bools, Counts, Floats, Ints
from cx_analytics.attribute.evidence import poisson_gain
from cx_analytics.attribute.incidents import Hours, sharpened
from cx_analytics.attribute.pairs import BLOCK, pairs

COVERED = 0.97
"""A pair that covers more than this of a parent's sessions is not separable from it."""


PROMISING = 4.0
"""Nats that a pair must gain over the overall fault rate; far below the price of any pair."""


@dataclass(frozen=True)
class Key:
    """What a cell is: its conditions, and its hours when it is an incident."""

    conditions: tuple[tuple[str, str], ...]
    individual: bool = False
    hours: tuple[int, int] | None = None

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(name for name, _ in self.conditions)


@dataclass(frozen=True)
class Cells:
    """All candidate cells of a run.

    `exposure` has shape (cells, days). The faults of cell c are
    `fault[start[c]:start[c + 1]]`, ascending in time. `customer_sessions` has the sessions of
    customers with several faults by (level of customer_id, day), zero for the others.
    """

    keys: tuple[Key, ...]
    exposure: Floats
    start: Ints
    fault: Ints
    nested: dict[str, frozenset[str]]
    customer_sessions: Floats

    @classmethod
    def of(cls, counts: Counts) -> Cells:
        """The cells that fault rows point to and whose exposure is known."""
        asked = _Asked(counts)
        keys: list[Key] = []
        exposures: list[Floats] = []
        faults: list[Ints] = []
        for group, individual in _groups(counts):
            exposure, known = asked.exposure(group)
            members = _members(counts, group)
            if len(group.names) > 1 and not individual:
                known &= _promising(counts, exposure, members)
            for place in np.flatnonzero(known):
                keys.append(_key(counts, group, int(place), individual))
                exposures.append(exposure[place])
                faults.append(members[place])
        for hours, by_day in sharpened(counts):
            keys.append(_incident_key(counts, hours))
            exposures.append(by_day)
            faults.append(_incident_faults(counts, hours))
        order = sorted(range(len(keys)), key=lambda n: _simplicity(counts, keys[n]))
        return cls._stacked(counts, keys, exposures, faults, order)

    @property
    def least(self) -> Ints:
        """Faults that a cell must have in a period: more for a shared one than for one's own."""
        own = [key.individual or key.hours is not None for key in self.keys]
        return np.where(np.array(own, dtype=bool), MIN_FAULTS_INDIVIDUAL, MIN_FAULTS)

    @classmethod
    def _stacked(
        cls,
        counts: Counts,
        keys: list[Key],
        exposures: list[Floats],
        faults: list[Ints],
        order: list[int],
    ) -> Cells:
        sizes = [len(faults[n]) for n in order]
        none = np.zeros(0, dtype=np.int64)
        return cls(
            keys=tuple(keys[n] for n in order),
            exposure=np.array([exposures[n] for n in order]).reshape(
                len(order), max(len(counts.days), 1)
            ),
            start=np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64),
            fault=np.concatenate([none, *(faults[n] for n in order)]).astype(np.int64),
            nested=nesting(counts),
            customer_sessions=_customer_sessions(counts, keys, exposures),
        )


def _customer_sessions(counts: Counts, keys: list[Key], exposures: list[Floats]) -> Floats:
    levels = counts.columns["customer_id"].levels
    place = {value: n for n, value in enumerate(levels)}
    found = np.zeros((len(levels), max(len(counts.days), 1)))
    for key, exposure in zip(keys, exposures, strict=True):
        if key.names == ("customer_id",):
            found[place[key.conditions[0][1]]] = exposure
    return found


def _groups(counts: Counts) -> Iterable[tuple[Group, bool]]:
    for group in singles(counts):
        yield group, False
    for group in pairs(counts):
        yield group, False
    for group in individuals(counts):
        yield group, True


def _simplicity(counts: Counts, key: Key) -> tuple[object, ...]:
    """Order of preference among equals: fewer conditions, coarser attributes, then the name."""
    breadth = sum(len(counts.columns[name].levels) for name in key.names)
    return (len(key.conditions), key.hours is not None, breadth, key.conditions, key.hours or ())


def _key(counts: Counts, group: Group, place: int, individual: bool) -> Key:
    values = [
        (name, counts.columns[name].levels[code])
        for name, code in zip(group.names, group.codes[place], strict=True)
    ]
    return Key(tuple(sorted(values)), individual)


def _incident_key(counts: Counts, hours: Hours) -> Key:
    value = counts.columns[hours.name].levels[hours.code]
    return Key(((hours.name, value),), hours=(hours.first, hours.last))


def _incident_faults(counts: Counts, hours: Hours) -> Ints:
    codes = counts.columns[hours.name].codes
    inside = (codes == hours.code) & (counts.hour >= hours.first) & (counts.hour < hours.last)
    return np.flatnonzero(inside)


def _members(counts: Counts, group: Group) -> list[Ints]:
    """The faults of each cell of a group, ascending."""
    width = [len(counts.columns[name].levels) + 1 for name in group.names]
    key, cell = np.zeros(len(counts.day), dtype=np.int64), np.zeros(len(group.codes), np.int64)
    missing = np.zeros(len(counts.day), dtype=bool)
    for place, name in enumerate(group.names):
        codes = counts.columns[name].codes
        key, missing = key * width[place] + codes, missing | (codes < 0)
        cell = cell * width[place] + group.codes[:, place]
    key[missing] = -1
    order = np.argsort(key, kind="stable")
    first = np.searchsorted(key[order], cell, side="left")
    last = np.searchsorted(key[order], cell, side="right")
    return [order[a:b] for a, b in zip(first, last, strict=True)]


def _promising(counts: Counts, exposure: Floats, members: list[Ints]) -> Bools:
    """Pairs whose faults exceed their exposure's share, over all days or in some block.

    Most pairs were asked for because their attributes go together; now the exposure is
    known, and those need not be carried through the search.
    """
    days = len(counts.days)
    faults = np.array([np.bincount(counts.day[own], minlength=days) for own in members])
    rate = np.bincount(counts.day, minlength=days) / np.maximum(counts.sessions, 1.0)
    expected = exposure * rate
    starts = np.arange(0, days, BLOCK)
    observed: Floats = faults.reshape(len(members), days).astype(float)
    whole = poisson_gain(observed.sum(axis=1), expected.sum(axis=1))
    block = poisson_gain(
        np.add.reduceat(observed, starts, axis=1), np.add.reduceat(expected, starts, axis=1)
    )
    return np.asarray(np.maximum(whole, block.max(axis=1, initial=0.0)) >= PROMISING)


class _Asked:
    """Exposure of cells: from the value counts, or from the cells counted on request."""

    def __init__(self, counts: Counts) -> None:
        self.counts = counts
        self.groups: dict[tuple[str, ...], pl.DataFrame] = {}
        if counts.cells is not None and not counts.cells.is_empty():
            rows = counts.cells.filter(pl.col("hour").is_null())
            for part in rows.partition_by("attribute_1", "attribute_2"):
                names = [part["attribute_1"][0], part["attribute_2"][0]]
                self.groups[tuple(name for name in names if name is not None)] = part

    def exposure(self, group: Group) -> tuple[Floats, Bools]:
        """Sessions by (cell of the group, day), and which cells are usable candidates."""
        counts = self.counts
        if len(group.names) == 1 and group.names[0] in counts.values:
            exposure = counts.values[group.names[0]][group.codes[:, 0]]
            return exposure, np.ones(len(exposure), dtype=bool)
        if group.names not in self.groups:
            return np.zeros((len(group.codes), len(counts.days))), np.zeros(
                len(group.codes), dtype=bool
            )
        exposure, known = self._counted(group)
        return exposure, known & ~self._covers_parent(group, exposure)

    def _counted(self, group: Group) -> tuple[Floats, Bools]:
        counts = self.counts
        place = pl.DataFrame(
            {
                f"value_{n + 1}": [counts.columns[name].levels[c] for c in group.codes[:, n]]
                for n, name in enumerate(group.names)
            },
            schema={f"value_{n + 1}": pl.String() for n in range(len(group.names))},
        ).with_row_index("cell")
        days = pl.DataFrame({"day": counts.days}).with_row_index("at")
        keys = CELL_KEY[1 : 2 * len(group.names) : 2]
        rows = self.groups[group.names].join(place, on=keys).join(days, on="day")
        exposure = np.zeros((len(group.codes), len(counts.days)))
        cell = rows["cell"].cast(pl.Int64).to_numpy()
        exposure[cell, rows["at"].cast(pl.Int64).to_numpy()] = rows["sessions"].to_numpy()
        return exposure, np.bincount(cell, minlength=len(group.codes)) > 0

    def _covers_parent(self, group: Group, exposure: Floats) -> Bools:
        covers = np.zeros(len(group.codes), dtype=bool)
        if len(group.names) < 2:
            return covers
        for place, name in enumerate(group.names):
            if name in self.counts.values:
                parent = self.counts.values[name][group.codes[:, place]].sum(axis=1)
                covers |= exposure.sum(axis=1) > COVERED * parent
        return covers


@dataclass(frozen=True)
class Period:
    """The days of one fit: counts and cells sliced, exposures summed up.

    Attributes
    ----------
    first, last : half-open range of day indices in the run.
    faults : slice of the run's faults; all fault indices below count from its start.
    cell : for each kept cell its index in the run's Cells.
    exposure : running sum of exposure over days, shape (cells, days + 1).
    start, fault, owner : faults of each kept cell (as in Cells) and the cell of each entry.
    """

    counts: Counts
    cells: Cells
    first: int
    last: int
    faults: slice
    cell: Ints
    exposure: Floats
    start: Ints
    fault: Ints
    owner: Ints
    day: Ints
    kind: Ints

    @classmethod
    def of(cls, counts: Counts, cells: Cells, first: int, last: int) -> Period:
        """The cells that the faults of the days first <= day < last point to often enough.

        What later days point to must not be a candidate earlier: a fit says the same whether
        the days are run one by one or in one go.
        """
        begin, end = np.searchsorted(counts.day, [first, last])
        inside = (cells.fault >= begin) & (cells.fault < end)
        running = np.concatenate([[0], np.cumsum(inside)])
        size = running[cells.start[1:]] - running[cells.start[:-1]]
        total = cells.exposure[:, first:last].sum(axis=1)
        keep = (size >= cells.least) & (total > 0)
        entry = inside & np.repeat(keep, np.diff(cells.start))
        exposure = np.cumsum(cells.exposure[keep, first:last], axis=1)
        start = np.concatenate([[0], np.cumsum(size[keep])]).astype(np.int64)
        return cls(
            counts=counts,
            cells=cells,
            first=first,
            last=last,
            faults=slice(int(begin), int(end)),
            cell=np.flatnonzero(keep),
            exposure=np.concatenate([np.zeros((int(keep.sum()), 1)), exposure], axis=1),
            start=start,
            fault=cells.fault[entry] - begin,
            owner=np.repeat(np.arange(int(keep.sum())), size[keep]),
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

    def key(self, cell: int) -> Key:
        return self.cells.keys[int(self.cell[cell])]

    def members(self, cell: int, first: int = 0, last: int | None = None) -> Ints:
        """The faults of a cell on days first <= day < last of the period."""
        own = self.fault[self.start[cell] : self.start[cell + 1]]
        stop = self.days if last is None else last
        a, b = np.searchsorted(self.day[own], [first, stop])
        return own[a:b]

    def codes(self, name: str) -> Ints:
        return self.counts.columns[name].codes[self.faults]
