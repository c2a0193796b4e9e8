"""Which cells the fault rows point to: pairs, individuals and hours worth counting.

Belongs here: decisions made from fault rows and single-value exposure alone, so that the
engine counts a bounded number of cells and never a cube. Stays out: the counting
(exposure.py) and the judgement (search.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from cx_analytics.attribute.counts import Counts, Ints

MIN_FAULTS = 8
MIN_FAULTS_INCIDENT = 5
MIN_FAULTS_INDIVIDUAL = 4
MAX_INDIVIDUALS = 20_000
NESTED = 0.985
DENSE = 4
"""Numbers among up to so many times as many are counted in a table."""

Names = tuple[str, ...]


@dataclass(frozen=True)
class Group:
    """Candidate cells of one set of one or two attributes, as codes of the fault rows."""

    names: Names
    codes: Ints
    """Shape (cells, len(names))."""


def nesting(counts: Counts) -> dict[str, frozenset[str]]:
    """For each attribute, those that its value determines (functional dependency).

    Found from the fault rows: b determines a when, over the values of b with at least two
    faults, the most frequent value of a covers NESTED of the faults. lot -> device_model.
    """
    return {
        b: frozenset(a for a in counts.names if a != b and _determines(counts, b, a))
        for b in counts.names
    }


def _determines(counts: Counts, child: str, parent: str) -> bool:
    one, other = counts.columns[child], counts.columns[parent]
    if len(one.levels) < len(other.levels):
        return False
    both = (one.codes >= 0) & (other.codes >= 0)
    width = len(other.levels)
    keys, tally = _counted(one.codes[both] * width + other.codes[both], len(one.levels) * width)
    group = keys // width
    first = np.flatnonzero(np.diff(group, prepend=-1))
    size, mode = np.add.reduceat(tally, first), np.maximum.reduceat(tally, first)
    often = size >= 2
    return bool(often.any() and mode[often].sum() >= NESTED * size[often].sum())


def _counted(numbers: Ints, size: int) -> tuple[Ints, Ints]:
    """The distinct ones of some numbers below `size`, ascending, and how often each occurs.

    A table beats sorting while it is not much larger than the numbers are many.
    """
    if size > DENSE * len(numbers):
        return np.unique(numbers, return_counts=True)
    tally = np.bincount(numbers, minlength=size)
    found = np.flatnonzero(tally)
    return found, tally[found]


def singles(counts: Counts) -> Iterator[Group]:
    """Values with enough faults to be a candidate, attribute by attribute."""
    for name in counts.names:
        tally = _tally(counts.columns[name].codes, len(counts.columns[name].levels))
        yield Group((name,), np.flatnonzero(tally >= MIN_FAULTS)[:, None])


def individuals(counts: Counts) -> Iterator[Group]:
    """Customers, units and customers at a cell with enough faults.

    Customers with two faults are asked for as well: the design effect needs to know whether
    their faults are many for what they used.
    """
    for name, least in (("customer_id", 2), ("unit_id", MIN_FAULTS_INDIVIDUAL)):
        if name not in counts.columns:
            continue
        tally = _tally(counts.columns[name].codes, len(counts.columns[name].levels))
        yield Group((name,), _most(tally, least)[:, None])
    if "cell_id" in counts.columns and "customer_id" in counts.columns:
        customer, cell = counts.columns["customer_id"], counts.columns["cell_id"]
        both = (customer.codes >= 0) & (cell.codes >= 0)
        width = max(1, len(cell.levels))
        keys, tally = np.unique(customer.codes[both] * width + cell.codes[both], return_counts=True)
        keys = keys[_most(tally, MIN_FAULTS_INDIVIDUAL)]
        yield Group(("customer_id", "cell_id"), np.stack([keys // width, keys % width], axis=1))


def _most(tally: Ints, least: int) -> Ints:
    """Places with at least `least`, the MAX_INDIVIDUALS largest when there are more."""
    chosen = np.flatnonzero(tally >= least)
    if len(chosen) > MAX_INDIVIDUALS:
        chosen = np.sort(chosen[np.argsort(-tally[chosen], kind="stable")[:MAX_INDIVIDUALS]])
    return chosen


def _tally(codes: Ints, size: int) -> Ints:
    return np.bincount(codes[codes >= 0], minlength=size)[:size].astype(np.int64)
