"""Merging: two causes that are one, told in two pieces.

Belongs here: which causes of a model may be pieces of one (windows of the same cell, children
of the same parent). Stays out: whether the one is worth more than the pieces (search.py).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from cx_analytics.attribute.cells import Key, Period
from cx_analytics.attribute.hazard import Term


def merges(
    period: Period, terms: list[Term], shared: list[int]
) -> Iterator[tuple[Term, list[int]]]:
    """Terms that may stand for several others, each with the places of those.

    The hull of the windows of one cell; and the parent in which several single values are
    nested (cells of a region), over the hull of their windows.
    """
    days = [n for n in shared if period.key(terms[n].cell).hours is None]
    pieces: dict[int, list[int]] = {}
    for n in days:
        pieces.setdefault(terms[n].cell, []).append(n)
        for parent in _parents(period, terms[n]):
            pieces.setdefault(parent, []).append(n)
    for cell, places in sorted(pieces.items()):
        if len(places) > 1:
            first = min(terms[n].first for n in places)
            last = max(terms[n].last for n in places)
            yield Term(cell, first, last), places


def _parents(period: Period, term: Term) -> Iterator[int]:
    """Cells of the values that a single value's faults nearly all have, coarser by nesting."""
    key = period.key(term.cell)
    if key.order > 1:
        return
    own = term.faults(period)
    for name in sorted(period.cells.nested[key.names[0]]):
        codes = period.codes(name)[own]
        if not (codes >= 0).any():
            continue
        value = int(np.bincount(codes[codes >= 0]).argmax())
        cell = period.place.get(Key(((name, period.counts.columns[name].levels[value]),)))
        if cell is not None:
            yield cell
