"""Cells: every condition that may be a cause, with its exposure by day and its faults.

Belongs here: laying the candidate cells of a run out as arrays. Stays out: where candidates come
from (candidates.py, incidents.py), slicing them to the days of one fit (period.py), and what they
are worth (search.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import chain
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cx_analytics.attribute.asked import Asked
from cx_analytics.attribute.candidates import (
    MIN_FAULTS,
    MIN_FAULTS_INCIDENT,
    MIN_FAULTS_INDIVIDUAL,
    Group,
    Names,
    individuals,
    nesting,
    singles,
)
from cx_analytics.attribute.counts import Bools, Counts, Floats, Ints
from cx_analytics.attribute.evidence import over_types, poisson_gain
from cx_analytics.attribute.incidents import Hours, sharpened
from cx_analytics.attribute.pairs import BLOCK

Numbers = NDArray[np.int32]
"""Of faults or cells: a window has a hundred entries a fault, so half the width counts."""

PROMISING = 6.0
"""Nats that a conjunction must gain over CALM times the overall fault rate; far below its price."""
CALM = 0.8
"""The rate without causes is below the overall one; this part of it is on the safe side."""


@dataclass(frozen=True)
class Key:
    """What a cell is: its conditions, and its hours when it is an incident."""

    conditions: tuple[tuple[str, str], ...]
    individual: bool = False
    hours: tuple[int, int] | None = None

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(name for name, _ in self.conditions)

    @property
    def order(self) -> int:
        """How many conditions it has."""
        return len(self.conditions)


@dataclass(frozen=True)
class Cells:
    """All candidate cells of a run.

    `exposure` has shape (cells, days). `faults` are those of each cell, ascending in time; they are
    never copied. `customer_sessions` has the sessions of
    customers with several faults by (level of customer_id, day), zero for the others.
    The first `simple` cells are single values, incidents and individuals; conjunctions follow.
    Both parts are in order of simplicity. `seen` numbers the conjunctions that were offered,
    by their attributes: those that are cells now, and those that did not look promising.
    """

    keys: tuple[Key, ...]
    exposure: Floats
    faults: tuple[Numbers, ...]
    nested: dict[str, frozenset[str]]
    customer_sessions: Floats
    simple: int
    seen: dict[Names, Ints]

    @classmethod
    def of(cls, asked: Asked) -> Cells:
        """The cells that fault rows point to and whose exposure is known."""
        counts = asked.counts
        own = ((group, True) for group in individuals(counts))
        listed = list(_listed(asked, chain(((group, False) for group in singles(counts)), own)))
        customers = _customer_sessions(asked)
        for hours, by_day in sharpened(counts):
            key, faults = _incident_key(counts, hours), _incident_faults(counts, hours)
            listed.append(_Cell(key, by_day, faults))
        none = np.zeros((0, max(len(counts.days), 1)))
        empty = cls((), none, (), nesting(counts), customers, 0, {})
        simple = empty._plus(sorted(listed, key=lambda one: _simplicity(counts, one.key)))
        simple = replace(simple, simple=len(simple.keys))
        return simple.with_conjunctions(asked, asked.conjunctions())

    def with_conjunctions(self, asked: Asked, groups: Iterable[Group]) -> Cells:
        """These cells and those of some pairs and triples whose exposure is known.

        Those that were offered before are not looked at again.
        """
        seen = dict(self.seen)
        fresh = ((_unseen(asked, group, seen), False) for group in groups)
        more = replace(self._plus(list(_listed(asked, fresh))), seen=seen)
        simplicity = [_simplicity(asked.counts, key) for key in more.keys[self.simple :]]
        order = sorted(range(len(simplicity)), key=simplicity.__getitem__)
        return more._ordered([*range(self.simple), *(self.simple + n for n in order)])

    @property
    def least(self) -> Ints:
        """Faults that a cell must have in a period: more for a shared one than for one's own."""
        least = [
            MIN_FAULTS_INDIVIDUAL
            if key.individual
            else MIN_FAULTS_INCIDENT
            if key.hours
            else MIN_FAULTS
            for key in self.keys
        ]
        return np.array(least, dtype=np.int64)

    def _ordered(self, order: list[int]) -> Cells:
        return replace(
            self,
            keys=tuple(self.keys[n] for n in order),
            exposure=self.exposure[order],
            faults=tuple(self.faults[n] for n in order),
        )

    def _plus(self, cells: list[_Cell]) -> Cells:
        if not cells:
            return self
        return replace(
            self,
            keys=(*self.keys, *(one.key for one in cells)),
            exposure=np.concatenate([self.exposure, np.array([one.exposure for one in cells])]),
            faults=(*self.faults, *(one.faults for one in cells)),
        )


class _Cell(NamedTuple):
    """One candidate: what it is, its sessions by day, its faults ascending in time."""

    key: Key
    exposure: Floats
    faults: Numbers


_NONE: Ints = np.zeros(0, dtype=np.int64)


def _listed(asked: Asked, groups: Iterable[tuple[Group, bool]]) -> Iterator[_Cell]:
    """The usable candidates of some groups (each with whether it is of individuals)."""
    counts = asked.counts
    for group, individual in groups:
        if not len(group.codes):
            continue
        exposure, known = asked.exposure(group)
        members = _members(counts, group)
        if len(group.names) > 1 and not individual:
            known &= _promising(counts, exposure, members)
        if individual:
            known &= np.diff(members.start) >= MIN_FAULTS_INDIVIDUAL
        for place in np.flatnonzero(known):
            key = _key(counts, group, int(place), individual)
            yield _Cell(key, exposure[place], members.of(int(place)))


def _unseen(asked: Asked, group: Group, seen: dict[Names, Ints]) -> Group:
    """The cells of a group that were not seen yet; now they were."""
    numbers, before = asked.numbers(group), seen.get(group.names, _NONE)
    seen[group.names] = np.union1d(before, numbers)
    return Group(group.names, group.codes[~np.isin(numbers, before)])


def _customer_sessions(asked: Asked) -> Floats:
    """Sessions of customers whose exposure is known, by (level, day)."""
    found = np.zeros(
        (len(asked.counts.columns["customer_id"].levels), max(len(asked.counts.days), 1))
    )
    for group in individuals(asked.counts):
        if group.names == ("customer_id",):
            exposure, known = asked.exposure(group)
            found[group.codes[known, 0]] = exposure[known]
    return found


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


def _incident_faults(counts: Counts, hours: Hours) -> Numbers:
    codes = counts.columns[hours.name].codes
    inside = (codes == hours.code) & (counts.hour >= hours.first) & (counts.hour < hours.last)
    return np.flatnonzero(inside).astype(np.int32)


class _Members(NamedTuple):
    """The faults of the cells of a group, cell after cell, each ascending."""

    fault: Ints
    cell: Ints
    start: Ints

    def of(self, cell: int) -> Numbers:
        return self.fault[self.start[cell] : self.start[cell + 1]].astype(np.int32)


def _members(counts: Counts, group: Group) -> _Members:
    columns = [counts.columns[name] for name in group.names]
    each = [np.unique(codes) for codes in group.codes.T]
    rarest = min(range(len(each)), key=lambda n: columns[n].tally(each[n]))
    fault = columns[rarest].faults(each[rarest])
    key, own = np.zeros(len(fault), dtype=np.int64), np.zeros(len(group.codes), dtype=np.int64)
    for column, codes in zip(columns, group.codes.T, strict=True):
        levels = len(column.levels)
        among = np.zeros(levels + 1, dtype=bool)  # the last place is that of a missing value
        among[codes] = True
        found = column.codes[fault]
        kept = among[found]
        fault, key = fault[kept], key[kept] * levels + found[kept]
        own = own * levels + codes
    order = np.argsort(own)
    at = np.minimum(np.searchsorted(own[order], key), max(len(own) - 1, 0))
    cell = order[at]
    same = own[cell] == key
    fault, cell = fault[same], cell[same]
    by_cell = np.argsort(cell, kind="stable")
    size = np.bincount(cell, minlength=len(own))
    start = np.concatenate([[0], np.cumsum(size)]).astype(np.int64)
    return _Members(fault[by_cell], cell[by_cell], start)


def _promising(counts: Counts, exposure: Floats, members: _Members) -> Bools:
    """Conjunctions whose faults of some types exceed a part of the overall rate of these types.

    Most were asked for because their attributes go together; now the exposure is known, and
    those need not be carried through the search. Over all days, or in some block of days.
    """
    starts = np.arange(0, len(counts.days), BLOCK)
    shape = (len(exposure), len(counts.kinds), len(starts))
    place = counts.kind * shape[2] + counts.day // BLOCK
    size = shape[1] * shape[2]
    tally = np.bincount(members.cell * size + place[members.fault], minlength=shape[0] * size)
    observed: Floats = tally.astype(float).reshape(shape)
    sessions = np.maximum(np.add.reduceat(counts.sessions, starts), 1.0)
    rate = np.bincount(place, minlength=size).reshape(shape[1:]) / sessions
    expected = np.add.reduceat(exposure, starts, axis=1)[:, None, :] * rate * CALM
    gain = poisson_gain(observed, expected)
    whole = poisson_gain(observed.sum(axis=2), expected.sum(axis=2))
    best = np.maximum(over_types(gain, axis=1).max(axis=1, initial=0.0), over_types(whole, axis=1))
    return np.asarray(best >= PROMISING)
