"""Scores of all candidate cells at once: the best window of each, cheaply and in bounds.

Belongs here: the vectorised first look that decides which few cells deserve the exact one
(assess.py). Stays out: design effects by clusters, acceptance, order of search.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from math import comb, log
from typing import NamedTuple

import numpy as np

from cx_analytics.attribute.cells import Period
from cx_analytics.attribute.counts import Bools, Floats, Ints
from cx_analytics.attribute.evidence import (
    TYPE_PRICE,
    change_gain,
    noise_variance,
    over_types,
    window_gain,
)

ORDER_PRICE = (1.0, 1.5, 4.0)
"""Nats to say that a cause has one, two or three conditions."""
FIXED_PRICE = 3.5
"""Nats to say that there is a cause at all, in a world where none is known yet."""
SAME_HOURS = 16.0
"""Incidents whose edges lie within two hours of each other tell the same story."""
LEAST_FOR_NOISE = 8.0
FEW_VALUES = 15
CHUNK = 256


class Place(NamedTuple):
    """A cell on the days first <= day < last of the period, with its first-look score."""

    cell: int
    first: int
    last: int
    score: float


@dataclass(frozen=True)
class Given:
    """What a candidate is judged against.

    Attributes
    ----------
    rate : hazard of each fault's session, own type, without the candidate.
    level : background hazard of each fault's session, own type.
    typical : mean background hazard of each type, faults per session.
    by_day : background of each day over that of the mean day.
    noise : by cell, variance tau^2 between values that no cause explains.
    known : strong causes in the model. Where there are many, one more is less surprising:
        each price is ln(1 + known) lower (a gamma prior on their number, empirical Bayes).
    """

    rate: Floats
    level: Floats
    typical: Floats
    by_day: Floats
    noise: Floats
    known: int

    @property
    def rebate(self) -> float:
        """Nats off each price."""
        return log(1.0 + self.known)

    def without(self, rate: Floats) -> Given:
        """The same with other hazards."""
        return replace(self, rate=rate)


class _Sums(NamedTuple):
    """Over the faults of some cells, by day: sums of w and w^2 by type, and what is unexplained."""

    weight: Floats
    square: Floats
    left: Floats


class Scorer:
    """Sums over faults by (cell, type, day), prepared once a period.

    With D days there are D (D + 1) / 2 windows a cell. A window's gain is at most the sum of
    its days' own gains, which prunes nearly all cells before any window is tried.
    """

    def __init__(self, period: Period) -> None:
        self.period = period
        shape = (len(period.cell), period.types, period.days)
        self._shape, self._size = shape, int(np.prod(shape))
        kind, day = period.kind[period.fault], period.day[period.fault]
        self._key = (period.owner * period.types + kind) * period.days + day
        self._first, self._last = np.triu_indices(period.days)
        self._last = self._last + 1
        keys = [period.key(n) for n in range(shape[0])]
        self.individual: Bools = np.array([key.individual for key in keys], dtype=bool)
        self.incident: Bools = np.array([key.hours is not None for key in keys], dtype=bool)
        self.order: Ints = np.array([len(key.conditions) for key in keys], dtype=np.int64)

    def _sums(self, weight: Floats) -> Floats:
        sums = np.bincount(self._key, weight, minlength=self._size)
        return np.asarray(sums.reshape(self._shape), dtype=float)

    @cached_property
    def price(self) -> Floats:
        """Description length of each cell without its window, in nats.

        The order of the conjunction, ln(number of attribute sets of that order) and ln(N / E):
        the code of a cell by its share of the exposure (Rissanen 1978). The share makes the
        prices of all cells of an attribute set sum to one cell of certainty, found or not.
        """
        period = self.period
        names = len(period.counts.names)
        order = [price + log(max(1, comb(names, n))) for n, price in enumerate(ORDER_PRICE, 1)]
        exposure = np.maximum(self._own_exposure(), 1.0)
        return np.asarray(
            np.array(order)[self.order - 1]
            + np.log(np.maximum(period.sessions, 1.0) / exposure)
            + np.where(self.incident, log(24 * period.days * 72 / SAME_HOURS), 0.0)
            + FIXED_PRICE
        )

    def _own_exposure(self) -> Floats:
        """Exposure of each cell; of an incident, that of its value on all days."""
        period = self.period
        exposure = period.exposure[:, -1].copy()
        for cell in np.flatnonzero(self.incident):
            ((name, value),) = period.key(int(cell)).conditions
            code = period.counts.columns[name].levels.index(value)
            exposure[cell] = period.counts.values[name][code, period.first : period.last].sum()
        return exposure

    def window_price(self, first: Ints, last: Ints) -> Floats:
        """Nats to say which window: none for all days, more for a closed one."""
        days = self.period.days
        if days < 2:
            return np.zeros(len(first))
        closed = (first > 0) & (last < days)
        whole = (first == 0) & (last == days)
        one_side, two_sides = log(2.0 * (days - 1)), log(days * (days - 1) / 2.0) + 0.5
        return np.where(whole, 0.0, np.where(closed, two_sides, one_side))

    @cached_property
    def _visits(self) -> tuple[Ints, Ints]:
        """For each entry its (cell, customer) group, and the cell of each group."""
        period = self.period
        customer = period.codes("customer_id")[period.fault]
        alone = len(period.counts.columns["customer_id"].levels) + period.fault
        who = np.where(customer >= 0, customer, alone)
        width = int(who.max(initial=0)) + 1
        groups, place = np.unique(period.owner * width + who, return_inverse=True)
        return place, groups // width

    def noise(self, rate: Floats, typical: Floats) -> Floats:
        """tau^2 of each cell: what its values vary by without a cause, summed over attributes.

        `typical` is the mean hazard of each type. The variance to be expected is that of
        customers, not of faults. Attributes with few values lean on the median of the others.
        """
        period, size = self.period, len(self.period.cell)
        weight = (typical[period.kind] / rate)[period.fault]
        place, cell = self._visits
        square = np.bincount(cell, np.bincount(place, weight) ** 2, minlength=size)
        score = np.bincount(period.owner, weight, minlength=size)
        expected = period.exposure[:, -1] * typical.sum()
        usable = ~self.incident & ~self.individual & (expected >= LEAST_FOR_NOISE)
        found: dict[str, tuple[float, int]] = {}
        for name, cells in self._singles.items():
            rows = cells[usable[cells]]
            tau2 = noise_variance(score[rows] - expected[rows], square[rows], expected[rows])
            found[name] = (tau2, len(rows))
        known = [tau2 for tau2, values in found.values() if values >= FEW_VALUES]
        common = float(np.median(known)) if known else 0.0
        mixed = {
            name: (tau2 * values + common * FEW_VALUES) / (values + FEW_VALUES)
            for name, (tau2, values) in found.items()
        }
        return np.array([sum(mixed.get(name, 0.0) for name in row) for row in self._names])

    @cached_property
    def _names(self) -> list[tuple[str, ...]]:
        return [self.period.key(n).names for n in range(len(self.period.cell))]

    @cached_property
    def _singles(self) -> dict[str, Ints]:
        """The cells of single values, by attribute."""
        found: dict[str, list[int]] = {name: [] for name in self.period.counts.names}
        for cell in np.flatnonzero((self.order == 1) & ~self.incident & ~self.individual):
            found[self._names[cell][0]].append(int(cell))
        return {name: np.array(cells, dtype=np.int64) for name, cells in found.items()}

    def places(self, given: Given, least: float) -> list[Place]:
        """The best window of every shared cell that may score above `least`, best first.

        score = L / (1 + tau^2 mu) - price - window price; cells whose bound is below `least`
        are not looked at.
        """
        inverse = 1.0 / given.rate[self.period.fault]
        weight, square = self._sums(inverse), self._sums(inverse**2)
        left = self._sums((given.level / given.rate)[self.period.fault]).sum(axis=1)
        daily = np.diff(self.period.exposure, axis=1)
        size = weight**2 / np.maximum(square, 1e-12)
        by_type = window_gain(size, weight, daily[:, None, :]).sum(axis=2)
        mix = given.typical / max(given.typical.sum(), 1e-12)
        mixed, mixed_square = (
            np.einsum("ckd,k->cd", weight, mix),
            np.einsum("ckd,k->cd", square, mix**2),
        )
        alike = window_gain(mixed**2 / np.maximum(mixed_square, 1e-12), mixed, daily)
        bound = np.maximum(over_types(by_type, axis=1), alike.sum(axis=1) - TYPE_PRICE)
        price = self.price - given.rebate
        chosen = np.flatnonzero(~self.individual & (bound - price > least))
        found: list[Place] = []
        for begin in range(0, len(chosen), CHUNK):
            part = chosen[begin : begin + CHUNK]
            found += self._best(part, _Sums(weight[part], square[part], left[part]), given, least)
        return sorted(found, key=lambda place: (-place.score, place.cell))

    def places_of(self, cells: Ints, given: Given, least: float) -> list[Place]:
        """As `places`, for some cells only."""
        found: list[Place] = []
        for begin in range(0, len(cells), CHUNK):
            part = cells[begin : begin + CHUNK]
            each = [self._one(int(cell), given) for cell in part]
            sums = _Sums(*(np.stack(arrays) for arrays in zip(*each, strict=True)))
            found += self._best(part, sums, given, least)
        return sorted(found, key=lambda place: (-place.score, place.cell))

    def _one(self, cell: int, given: Given) -> _Sums:
        period = self.period
        own = period.members(cell)
        key = period.kind[own] * period.days + period.day[own]
        inverse = 1.0 / given.rate[own]
        shape, size = (period.types, -1), period.types * period.days
        weight, square, left = (
            np.asarray(np.bincount(key, values, minlength=size).reshape(shape), dtype=float)
            for values in (inverse, inverse**2, inverse * given.level[own])
        )
        return _Sums(weight, square, left.sum(axis=0))

    def _best(self, cells: Ints, sums: _Sums, given: Given, least: float) -> list[Place]:
        """The best window of each of these cells."""
        a, b = self._first, self._last
        gain = self._gain(cells, sums, given)
        effect = 1.0 + given.noise[cells][:, None] * self._exposure(cells) * given.typical.sum()
        worth = np.maximum(gain / effect, np.minimum(gain, self._change(cells, sums.left, given)))
        price = (self.price[cells] - given.rebate)[:, None] + self.window_price(a, b)
        score = worth - price
        whole = (a == 0) & (b == self.period.days)
        fixed = self.incident[cells][:, None] & ~whole[None, :]
        score = np.where(fixed, -np.inf, score)
        best = score.argmax(axis=1)
        rows = np.flatnonzero(score[np.arange(len(cells)), best] > least)
        return [
            Place(int(cells[n]), int(a[best[n]]), int(b[best[n]]), float(score[n, best[n]]))
            for n in rows
        ]

    def _exposure(self, cells: Ints) -> Floats:
        run = self.period.exposure[cells]
        return np.asarray(run[:, self._last] - run[:, self._first])

    def _gain(self, cells: Ints, sums: _Sums, given: Given) -> Floats:
        """The better of the gains by type and of all types raised alike, by cell and window.

        Faults that others explain weigh little: the gain is that of W^2 / sum w^2 faults of
        equal weight (Kish's effective size), which is exact where the weights are equal.
        """
        weight, square = sums.weight, sums.square
        exposure = self._exposure(cells)
        gain = np.zeros_like(exposure)
        for kind in range(self.period.types):
            each = self._effective(weight[:, kind], square[:, kind], exposure)
            gain += np.maximum(each - TYPE_PRICE, 0.0)
        mix = given.typical / max(given.typical.sum(), 1e-12)
        alike = np.einsum("ckd,k->cd", weight, mix), np.einsum("ckd,k->cd", square, mix**2)
        return np.maximum(gain, self._effective(*alike, exposure) - TYPE_PRICE)

    def _effective(self, weight: Floats, square: Floats, exposure: Floats) -> Floats:
        a, b = self._first, self._last
        run, run_square = _running(weight), _running(square)
        total = run[:, b] - run[:, a]
        size = total**2 / np.maximum(run_square[:, b] - run_square[:, a], 1e-12)
        return window_gain(size, total, exposure)

    def _change(self, cells: Ints, left: Floats, given: Given) -> Floats:
        """What a change within the cell gains; free of the noise between cells."""
        a, b = self._first, self._last
        daily = np.diff(self.period.exposure[cells], axis=1) * given.by_day
        run, faults = _running(daily), _running(left)
        inside, expected = faults[:, b] - faults[:, a], run[:, b] - run[:, a]
        outside, rest = faults[:, -1:] - inside, run[:, -1:] - expected
        gain = change_gain(inside, expected, outside, rest)
        return np.where(rest > 0, gain - TYPE_PRICE, 0.0)


def _running(values: Floats) -> Floats:
    zero = np.zeros((*values.shape[:-1], 1))
    return np.concatenate([zero, np.cumsum(values, axis=-1)], axis=-1)
