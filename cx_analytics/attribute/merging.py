"""Merging: causes that are one, told in pieces.

Belongs here: which causes of a model may be pieces of one (windows of the same cell, children
of the same parent, conjunctions inside one value). Stays out: whether the one is worth more than
the pieces (search.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

import numpy as np

from cx_analytics.attribute.cells import Key
from cx_analytics.attribute.counts import Floats
from cx_analytics.attribute.hazard import Term
from cx_analytics.attribute.period import Period

MOSTLY = 0.6
"""Share of what a conjunction explains that lies in a value whose pieces it may be of."""


def merges(
    period: Period, terms: list[Term], shared: list[int], explained: Sequence[Floats]
) -> Iterator[tuple[Term, list[int]]]:
    """Terms that may stand for several others, each with the places of those.

    The hull of the windows of one cell; the parent in which several values are nested (cells of a
    region, versions of an app on one system), over the hull of their windows; and the value in
    which most of what several conjunctions explain lies (a lot that was told as its line and its
    modems, and as those modems and its site; a cell before its software was changed, and after).
    `explained` is each term's share of its own faults.
    """
    days = [n for n in shared if period.key(terms[n].cell).hours is None]
    pieces: dict[int, list[int]] = {}
    for n in days:
        pieces.setdefault(terms[n].cell, []).append(n)
        for parent in _parents(period, terms[n]):
            pieces.setdefault(parent, []).append(n)
    for cell, places in sorted(pieces.items()):
        if len(places) > 1:
            yield _hull(terms, cell, places), places
    inside: dict[int, list[int]] = {}
    for n in days:
        for cell in _holding(period, terms[n], explained[n]):
            inside.setdefault(cell, []).append(n)
    used = [_used(period, term) for term in terms] if inside else []
    for cell, parts in sorted(inside.items()):
        places = sorted([*parts, *(n for n in days if terms[n].cell == cell)])
        # All of them first: what of a value is told elsewhere makes the rest of it look weak.
        groups = [places] if len(places) > 2 else []
        for some in [*groups, *map(list, combinations(places, 2))]:
            for hull in dict.fromkeys((_hull(terms, cell, some), _hull(used, cell, some))):
                yield hull, some


def _hull(terms: list[Term], cell: int, places: list[int]) -> Term:
    return Term(cell, min(terms[n].first for n in places), max(terms[n].last for n in places))


def _used(period: Period, term: Term) -> Term:
    """A term in the part of its window that has sessions: a version is there for a while."""
    there = np.flatnonzero(np.diff(period.exposure[term.cell])[term.first : term.last] > 0)
    if not len(there):
        return term
    return Term(term.cell, term.first + int(there[0]), term.first + int(there[-1]) + 1)


def _holding(period: Period, term: Term, explained: Floats) -> Iterator[int]:
    """Cells of single values in which most of what a conjunction explains lies."""
    if period.key(term.cell).order < 2:
        return
    own, total = term.faults(period), float(explained.sum())
    for name in period.counts.names:
        codes = period.codes(name)[own]
        weight = np.bincount(codes[codes >= 0], explained[codes >= 0])
        if not len(weight) or weight.max() < MOSTLY * total:
            continue
        value = period.counts.columns[name].levels[int(weight.argmax())]
        if (cell := period.place.get(Key(((name, value),)))) is not None:
            yield cell


def _parents(period: Period, term: Term) -> Iterator[int]:
    """The counted cells among `climbs`."""
    for key in climbs(period, term):
        if (cell := period.place.get(key)) is not None:
            yield cell


def climbs(period: Period, term: Term) -> Iterator[Key]:
    """Conditions in which one value gives way to the coarser one that nearly all its faults have.

    A cell to its region; a version on a system to its app on that system.
    """
    key = period.key(term.cell)
    own = term.faults(period)
    for place, (name, _) in enumerate(key.conditions):
        others = (*key.conditions[:place], *key.conditions[place + 1 :])
        for coarser in sorted(period.cells.nested[name] - set(key.names)):
            codes = period.codes(coarser)[own]
            if (codes >= 0).any():
                most = int(np.bincount(codes[codes >= 0]).argmax())
                value = period.counts.columns[coarser].levels[most]
                yield Key(tuple(sorted((*others, (coarser, value)))))
