"""Refinement: which causes may truly hold only together with one or two more conditions.

Belongs here: choosing the cells worth counting inside the causes of a search. First the
profile of each cause (how its sessions spread over the values of every other attribute), then,
where its faults spread otherwise, triples. Stays out: counting (exposure.py), judging
(search.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from cx_analytics.attribute.asked import Asked
from cx_analytics.attribute.candidates import MIN_FAULTS, Group, Names
from cx_analytics.attribute.cells import Key
from cx_analytics.attribute.counts import Counts, Floats, Ints
from cx_analytics.attribute.evidence import poisson_gain
from cx_analytics.attribute.hazard import Term
from cx_analytics.attribute.merging import climbs
from cx_analytics.attribute.pairs import pairs
from cx_analytics.attribute.search import Search

LEAST_GAIN = 2.0
MOST_A_CAUSE = 60
"""Triples that are asked for inside one cause, those that gain most."""
NEAR_MISSES = 20
"""So many of the best candidates that were not accepted are looked into as well."""

Cell = tuple[Names, tuple[int, ...]]
Question = tuple[Key, int | None, int | None]
"""What a cause asks about: its conditions, and the days of the run first <= day < last.

None is the edge of the period, which moves from day to day.
"""


def profiles(insides: Sequence[Inside]) -> list[Group]:
    """Each cause together with every value of another attribute that has enough of its faults."""
    return grouped(cell for one in insides for name in one.free for cell in one.with_(name))


def hidden(search: Search) -> list[Group]:
    """Pairs that show only now that the causes in the model are known."""
    period, hazard = search.period, search.hazard
    left = np.zeros(len(period.counts.day))
    left[period.faults] = hazard.level / hazard.rate
    return pairs(period.counts, left, period.cells.nested)


def coarser(search: Search) -> list[Group]:
    """The conjunctions of the model with a condition less, or with a coarser value for a finer.

    Without the firmware, with the network type for its band, with the app for its version: what
    was found may be a part, and the whole not have been counted.
    """
    period, columns = search.period, search.period.counts.columns
    shared = [term for term in search.hazard.terms if not period.key(term.cell).individual]
    wider = [key for term in shared for key in climbs(period, term)]
    wider += [key for term in shared for key in _with_one_less(period.key(term.cell))]
    keys = [key for key in wider if key.order > 1]
    return grouped(
        _cell(tuple((name, columns[name].levels.index(value)) for name, value in key.conditions))
        for key in keys
    )


def _with_one_less(key: Key) -> list[Key]:
    return [Key(kept) for kept in combinations(key.conditions, key.order - 1)]


def triples(insides: Sequence[Inside], asked: Asked) -> list[Group]:
    """Triples inside causes of one condition, where two values hold more than their share.

    The shares are those of the cause's own sessions, as its profile says. A triple must have
    more faults than either of the pairs within would bring.
    """
    chosen: list[Cell] = []
    for one in insides:
        if len(one.given) == 1:
            found = sorted(_lifted_triples(one, asked), key=lambda pair: (-pair[0], pair[1]))
            chosen += [cell for _, cell in found[:MOST_A_CAUSE]]
    return grouped(chosen)


def grouped(cells: Iterable[Cell]) -> list[Group]:
    """Cells by their set of attributes, each once, in order."""
    table: dict[Names, set[tuple[int, ...]]] = {}
    for names, codes in cells:
        table.setdefault(names, set()).add(codes)
    return [Group(names, np.array(sorted(table[names]), dtype=np.int64)) for names in sorted(table)]


@dataclass(frozen=True)
class Inside:
    """The faults of a cause, and the attributes that may refine it."""

    question: Question
    counts: Counts
    given: tuple[tuple[str, int], ...]
    own: Ints
    free: tuple[str, ...]

    def codes(self, name: str) -> Ints:
        return self.counts.columns[name].codes[self.own]

    def often(self, name: str) -> tuple[Ints, Ints]:
        """Values with enough faults, and how many."""
        codes = self.codes(name)
        values, faults = np.unique(codes[codes >= 0], return_counts=True)
        return values[faults >= MIN_FAULTS], faults[faults >= MIN_FAULTS]

    def with_(self, name: str) -> list[Cell]:
        return [_cell((*self.given, (name, int(value)))) for value in self.often(name)[0]]


def inside(search: Search) -> list[Inside]:
    """The causes of a search that may be refined; scores all candidates once, for near misses."""
    counts, period = search.period.counts, search.period
    found = []
    for term in parents(search):
        key = period.key(term.cell)
        given = tuple((n, counts.columns[n].levels.index(v)) for n, v in key.conditions)
        own = term.faults(period) + period.faults.start
        free = tuple(n for n in counts.names if not _related(search, n, key.names))
        found.append(Inside((key, *term.edges(period)), counts, given, own, free))
    return found


def parents(search: Search) -> list[Term]:
    """Shared causes of at most two conditions in the model, and the nearest misses."""
    period, misses = search.period, search.near_misses()[:NEAR_MISSES]
    near = [Term(place.cell, place.first, place.last) for place in misses]
    keys = {term: period.key(term.cell) for term in (*search.hazard.terms, *near)}
    return [
        term
        for term, key in keys.items()
        if not key.individual and key.hours is None and key.order < 3
    ]


def _related(search: Search, name: str, others: Names) -> bool:
    nested = search.period.cells.nested
    return any(name == one or name in nested[one] or one in nested[name] for one in others)


def _lifted_triples(one: Inside, asked: Asked) -> Iterator[tuple[float, Cell]]:
    """Triples with what they gain over the pairs within them."""
    lifted: dict[str, _Lifted] = {}
    for name in one.free:
        values, share = _lifted(one, _conditional(one, asked, name), name)
        if len(values):
            lifted[name] = _Lifted.of(one.codes(name), values, share)
    for a, b in combinations(sorted(lifted), 2):
        left, right = lifted[a], lifted[b]
        observed = left.together(right)
        alone = np.maximum(left.faults[:, None] * right.share, left.share[:, None] * right.faults)
        worth = poisson_gain(observed, alone)
        for u, v in np.argwhere((observed >= MIN_FAULTS) & (worth > LEAST_GAIN)):
            cell = _cell((*one.given, (a, int(left.values[u])), (b, int(right.values[v]))))
            yield round(float(worth[u, v]), 6), cell


@dataclass(frozen=True)
class _Lifted:
    """Values of an attribute that stand out in a cause, with their faults and share of sessions.

    `place` says which of the values each fault of the cause has, -1 = none of them.
    """

    values: Ints
    share: Floats
    faults: Ints
    place: Ints

    @classmethod
    def of(cls, codes: Ints, values: Ints, share: Floats) -> _Lifted:
        at = np.minimum(np.searchsorted(values, codes), len(values) - 1)
        place = np.where(values[at] == codes, at, -1)
        return cls(values, share, np.bincount(place[place >= 0], minlength=len(values)), place)

    def together(self, other: _Lifted) -> Floats:
        """Faults by value of this attribute and of another one."""
        shape = len(self.values), len(other.values)
        both = (self.place >= 0) & (other.place >= 0)
        at = self.place[both] * shape[1] + other.place[both]
        return np.bincount(at, minlength=shape[0] * shape[1]).astype(float).reshape(shape)


def _lifted(one: Inside, share: dict[int, float], name: str) -> tuple[Ints, Floats]:
    """The values with more faults than their share of the cause's sessions, and that share."""
    values, faults = one.often(name)
    part = np.array([share.get(int(value), 1.0) for value in values])
    above = poisson_gain(faults.astype(float), len(one.own) * part) > LEAST_GAIN
    return values[above], part[above]


def _conditional(one: Inside, asked: Asked, name: str) -> dict[int, float]:
    """Share of the cause's sessions that each often met value has; unknown ones are left out."""
    cells = [_cell((*one.given, (name, int(value)))) for value in one.often(name)[0]]
    found: dict[int, float] = {}
    whole = asked.known(Group(*_single(one.given)))[0].sum()
    for group in grouped(cells):
        exposure, known = asked.known(group)
        at = group.names.index(name)
        for place in np.flatnonzero(known):
            found[int(group.codes[place, at])] = float(exposure[place].sum() / max(whole, 1.0))
    return found


def _single(given: tuple[tuple[str, int], ...]) -> tuple[Names, Ints]:
    return tuple(n for n, _ in given), np.array([[c for _, c in given]], dtype=np.int64)


def _cell(conditions: tuple[tuple[str, int], ...]) -> Cell:
    ordered = sorted(conditions)
    return tuple(n for n, _ in ordered), tuple(c for _, c in ordered)
