"""Noise between values: how much the values of an attribute vary where no cause explains it.

Models of a device and cells differ a little from each other for no reason that anyone could
repair. What is made up of such values varies with them: a lot that went into one model has that
model's level. So noise has sources, a few attributes whose values differ, and every other cell is
judged beside the level of those source values that its sessions have, as the rest of these values
shows it (random effects and their shrinkage: Robinson 1991, "That BLUP is a good thing").

Belongs here: the level of a source's values, and what is left of the noise for any cell. Stays
out: which attributes are sources (sources.py), and what a candidate is worth under the noise
(scoring.py, assess.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from cx_analytics.attribute.cells import Numbers
from cx_analytics.attribute.counts import Bools, Floats, Ints

DENSE = 20
"""Numbers among up to so many times as many are told apart by a table; that beats sorting them."""
FARTHEST = 2.5
"""A value that lies by more of its noise's deviations from the others is not noise alone."""


@dataclass(frozen=True)
class Source:
    """An attribute whose values differ without a cause.

    Attributes
    ----------
    value : of each fault, -1 where it is missing.
    tau2 : squared coefficient of variation between the values.
    score, expected : by value, faults that no cause explains, and those of a value like others.
    clustering : variance of a score over its expectation, from customers with several faults.
    """

    value: Ints
    tau2: float
    score: Floats
    expected: Floats
    clustering: float

    def level(self, pairs: Pairs, score: Floats, expected: Floats) -> tuple[Floats, Floats]:
        """Level of some cells without a cause, and the variance that is left of it.

        `pairs` says which part of each cell's sessions has which value; `score` and `expected`
        are the cells'. What a cell's own faults say of a value is left out, so that a cell is
        never judged by itself.
        """
        cell, value, share = pairs
        outside = np.maximum(self.expected[value] - share * expected[cell], 0.0)
        met = np.maximum(self.score[value] - share * score[cell], 0.0)
        weight = self.tau2 * outside / (self.tau2 * outside + self.clustering)
        limit = FARTHEST * self.tau2**0.5
        above = np.clip(met / np.maximum(outside, 1e-9) - 1.0, -limit, limit)
        level = np.bincount(cell, share * weight * above, minlength=len(score))
        left = np.bincount(cell, share**2 * (1.0 - weight), minlength=len(score))
        return np.asarray(1.0 + level), np.asarray(self.tau2 * left)


class Pairs(NamedTuple):
    """Cells and the values of a source in them, with the value's share of the cell's score."""

    cell: Ints
    value: Ints
    share: Floats


@dataclass(frozen=True)
class Shape:
    """Which fault of which cell belongs to which pair of a cell and a source's value."""

    cell: Ints
    value: Ints
    known: Bools
    at: Numbers

    @classmethod
    def of(cls, place: Ints | Numbers, fault: Ints | Numbers, value: Ints, values: int) -> Shape:
        found = value[fault]
        known = found >= 0
        joint = place[known].astype(np.int64) * values + found[known]
        key, at = _distinct(joint, (int(place.max(initial=0)) + 1) * values)
        return cls(key // values, key % values, known, at.astype(np.int32))

    def pairs(self, weight: Floats, score: Floats) -> Pairs:
        """With the weights of the faults, and the cells' scores."""
        tally = np.bincount(self.at, weight[self.known], minlength=len(self.cell))
        return Pairs(self.cell, self.value, tally / np.maximum(score[self.cell], 1e-12))


def _distinct(numbers: Ints, size: int) -> tuple[Ints, Ints]:
    """The distinct ones of some numbers below `size`, and for each number its place among them."""
    if size > DENSE * len(numbers):
        return np.unique(numbers, return_inverse=True)
    there = np.zeros(size, dtype=bool)
    there[numbers] = True
    return np.flatnonzero(there), (np.cumsum(there) - 1)[numbers]


@dataclass(frozen=True)
class Spread:
    """The noise of one model.

    Attributes
    ----------
    weight : of each fault, typical over total hazard.
    sources : attributes whose values differ.
    rest : by cell, variance of its attributes that no source explains.
    usual : typical hazard of a session, all types.
    """

    weight: Floats
    sources: tuple[Source, ...]
    rest: Floats
    usual: float

    def of(self, place: Ints, fault: Ints, exposure: Floats) -> tuple[Floats, Floats]:
        """Level and variance of some cells; `place` numbers the cell of each of their faults."""
        level, left = np.ones(len(exposure)), np.zeros(len(exposure))
        weight = self.weight[fault]
        score: Floats = np.bincount(place, weight, minlength=len(exposure)).astype(float)
        for source in self.sources:
            shape = Shape.of(place, fault, source.value, len(source.expected))
            one, variance = source.level(shape.pairs(weight, score), score, exposure * self.usual)
            level, left = level * one, left + variance
        return level, left
