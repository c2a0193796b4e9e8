"""Scores of all candidate cells at once: the best window of each, cheaply and in bounds.

Belongs here: the vectorised first look that decides which few cells deserve the exact one
(assess.py). Stays out: design effects by clusters, acceptance, order of search.
"""

from __future__ import annotations

from functools import cached_property
from math import log
from typing import NamedTuple

import numpy as np

from cx_analytics.attribute.cells import Period
from cx_analytics.attribute.counts import Bools, Floats, Ints
from cx_analytics.attribute.evidence import noise_variance, over_types, window_gain

PAIR_PRICE = 5.0
FIXED_PRICE = 1.0
LEAST_FOR_NOISE = 8.0
FEW_VALUES = 15
CHUNK = 256


class Place(NamedTuple):
    """A cell on the days first <= day < last of the period, with its first-look score."""

    cell: int
    first: int
    last: int
    score: float


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
        self._faults = self._sums(np.ones(len(period.fault)))
        self._faults_run = _running(self._faults)
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

        ln(number of attribute sets) + ln(N / E) + PAIR_PRICE for a pair + FIXED_PRICE: the
        code of a cell by its share of the exposure (Rissanen 1978). The share makes the
        prices of all cells of an attribute set sum to one cell of certainty, found or not.
        """
        period = self.period
        names = len(period.counts.names)
        sets = log(max(1.0, names * (names + 1) / 2))
        exposure = np.maximum(self._own_exposure(), 1.0)
        return np.asarray(
            sets
            + np.log(np.maximum(period.sessions, 1.0) / exposure)
            + np.where(self.order > 1, PAIR_PRICE, 0.0)
            + np.where(self.incident, log(24 * period.days * 72), 0.0)
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
        one_side, two_sides = log(2.0 * (days - 1)) + 1.0, log(days * (days - 1) / 2.0) + 1.5
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

    def places(self, rate: Floats, typical: Floats, noise: Floats, least: float) -> list[Place]:
        """The best window of every shared cell that may score above `least`, best first.

        score = L / (1 + tau^2 mu) - price - window price; cells whose bound is below `least`
        are not looked at.
        """
        weight = self._sums(1.0 / rate[self.period.fault])
        daily = np.diff(self.period.exposure, axis=1)
        bound = over_types(window_gain(self._faults, weight, daily[:, None, :]).sum(axis=2), axis=1)
        chosen = np.flatnonzero(~self.individual & (bound - self.price > least))
        run = _running(weight[chosen])
        found: list[Place] = []
        for begin in range(0, len(chosen), CHUNK):
            part = slice(begin, begin + CHUNK)
            found += self._best(chosen[part], run[part], typical, noise, least)
        return sorted(found, key=lambda place: (-place.score, place.cell))

    def places_of(
        self, cells: Ints, rate: Floats, typical: Floats, noise: Floats, least: float
    ) -> list[Place]:
        """As `places`, for some cells only."""
        found: list[Place] = []
        for begin in range(0, len(cells), CHUNK):
            part = cells[begin : begin + CHUNK]
            weight = np.stack([self._one(int(cell), rate) for cell in part])
            found += self._best(part, _running(weight), typical, noise, least)
        return sorted(found, key=lambda place: (-place.score, place.cell))

    def _one(self, cell: int, rate: Floats) -> Floats:
        period = self.period
        own = period.members(cell)
        key = period.kind[own] * period.days + period.day[own]
        size = period.types * period.days
        sums = np.bincount(key, 1.0 / rate[own], minlength=size)
        return np.asarray(sums.reshape(period.types, -1), dtype=float)

    def _best(
        self, cells: Ints, weight: Floats, typical: Floats, noise: Floats, least: float
    ) -> list[Place]:
        """The best window of each of these cells, given the running sums of weights."""
        a, b = self._first, self._last
        run = self.period.exposure[cells]
        exposure = run[:, b] - run[:, a]
        faults = self._faults_run[cells]
        gain = np.zeros((len(cells), len(a)))
        for kind in range(self.period.types):
            each = window_gain(
                faults[:, kind, b] - faults[:, kind, a],
                weight[:, kind, b] - weight[:, kind, a],
                exposure,
            )
            gain += np.maximum(each - 1.5, 0.0)
        effect = 1.0 + noise[cells][:, None] * exposure * typical.sum()
        score = gain / effect - self.price[cells][:, None] - self.window_price(a, b)[None, :]
        whole = (a == 0) & (b == self.period.days)
        fixed = self.incident[cells][:, None] & ~whole[None, :]
        score = np.where(fixed, -np.inf, score)
        best = score.argmax(axis=1)
        rows = np.flatnonzero(score[np.arange(len(cells)), best] > least)
        return [
            Place(int(cells[n]), int(a[best[n]]), int(b[best[n]]), float(score[n, best[n]]))
            for n in rows
        ]


def _running(values: Floats) -> Floats:
    zero = np.zeros((*values.shape[:-1], 1))
    return np.concatenate([zero, np.cumsum(values, axis=-1)], axis=-1)
