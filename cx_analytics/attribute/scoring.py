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

from cx_analytics.attribute.counts import Bools, Floats, Ints
from cx_analytics.attribute.evidence import TYPE_PRICE, change_gain, window_gain
from cx_analytics.attribute.noise import Spread
from cx_analytics.attribute.period import Period, chunks
from cx_analytics.attribute.sources import Sources
from cx_analytics.attribute.windows import Windows

ORDER_PRICE = (1.0, 1.5, 4.0)
"""Nats to say that a cause has one, two or three conditions."""
FIXED_PRICE = 3.5
"""Nats to say that there is a cause at all, in a world where none is known yet."""
SAME_HOURS = 16.0
"""Incidents whose edges lie within two hours of each other tell the same story."""
ROUNDING = 1e-6
"""By so much a bound may be too low for rounding."""


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
    spread : how much the values of attributes vary where no cause explains it.
    known : strong causes in the model. Where there are many, one more is less surprising:
        each price is ln(1 + known) lower (a gamma prior on their number, empirical Bayes).
    """

    rate: Floats
    level: Floats
    typical: Floats
    by_day: Floats
    spread: Spread
    known: int

    @property
    def mix(self) -> Floats:
        """Share of each type in the mean background."""
        return np.asarray(self.typical / max(self.typical.sum(), 1e-12))

    @property
    def rebate(self) -> float:
        """Nats off each price."""
        return log(1.0 + self.known)

    def without(self, rate: Floats) -> Given:
        """The same with other hazards."""
        return replace(self, rate=rate)


class _Sums(NamedTuple):
    """Over the faults of some cells: sums of w and w^2 by (type, day, cell).

    The cells come last: the sums of windows are then differences of rows.
    """

    weight: Floats
    square: Floats


class Scorer:
    """The first look at the cells of a period, from sums over their faults by (type, day).

    With D days there are D (D + 1) / 2 windows a cell. A window's gain is at most the sum of
    the gains of blocks that tile it, which prunes nearly all cells before any window is tried;
    and these bounds last from one model to the next.
    """

    def __init__(self, period: Period) -> None:
        self.period = period
        self._windows = Windows.of(period.days)
        keys = [period.key(n) for n in range(len(period.cell))]
        self.individual: Bools = np.array([key.individual for key in keys], dtype=bool)
        self.incident: Bools = np.array([key.hours is not None for key in keys], dtype=bool)
        self.order: Ints = np.array([len(key.conditions) for key in keys], dtype=np.int64)
        self._names: tuple[int, ...] = ()
        self._most = np.full(len(keys), np.inf)
        self._rate: Floats | None = None
        """What each cell scores at most, the rebate aside, where faults have these hazards."""

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
    def sources(self) -> Sources:
        """The attributes whose values differ without a cause."""
        single = (self.order == 1) & ~self.incident & ~self.individual
        return Sources(self.period, np.asarray(single, dtype=bool), self._names)

    def places(self, given: Given, least: float) -> list[Place]:
        """The best window of every shared cell that may score above `least`, best first.

        score = L / (1 + tau^2 mu) - price - window price; cells whose bound is below `least`
        are not looked at.
        """
        self._renew_bounds(given, least)
        return self.places_of(np.flatnonzero(self._open(given, least)), given, least)

    def _open(self, given: Given, least: float) -> Bools:
        """Shared cells that may score above `least`, as far as their bounds say."""
        return np.asarray(~self.individual & (self._most + given.rebate > least - ROUNDING))

    def _renew_bounds(self, given: Given, least: float) -> None:
        """Bring the bounds of all cells up to this model, and make those anew that matter.

        The gain of a cell, the maximum over theta of sum ln(1 + theta w_i) - theta E, grows by
        at most sum ln(w'_i / w_i) over the faults whose weight grew. So a cell that was far
        from being a cause is looked at again only when what explained its faults is gone.
        """
        if self._rate is not None:
            grown = np.maximum(np.log(self._rate / given.rate), 0.0)
            for part in chunks(np.arange(len(self._most))):
                place, fault = self.period.entries(part)
                self._most[part] += np.bincount(place, grown[fault], minlength=len(part))
        self._rate = given.rate
        for part in chunks(np.flatnonzero(self._open(given, least))):
            self._most[part] = self._bound(part, given)

    def inherit(self, other: Scorer, cells: Ints) -> None:
        """Take over the bounds of a scorer of the same days; `cells` are its cells, here."""
        self._rate, self._names = other._rate, other.sources.names
        self._most[cells] = other._most

    def places_of(self, cells: Ints, given: Given, least: float) -> list[Place]:
        """As `places`, for some cells only; without looking at bounds."""
        found = [place for part in chunks(cells) for place in self._best(part, given, least)]
        return sorted(found, key=lambda place: (-place.score, place.cell))

    def _bound(self, cells: Ints, given: Given) -> Floats:
        """What the best window of each cell scores at most, without a rebate, as blocks say."""
        windows, (sums, _) = self._windows, self._own_sums(cells, given)
        each, alike = self._gains(cells, sums, given, windows.block_first, windows.block_last)
        most = sum(np.maximum(windows.tiling @ one - TYPE_PRICE, 0.0) for one in each)
        bound = np.maximum(most, windows.tiling @ alike - TYPE_PRICE)
        bound -= self.window_price(windows.first, windows.last)[:, None]
        return np.asarray(bound.max(axis=0) - self.price[cells], dtype=float)

    def _best(self, cells: Ints, given: Given, least: float) -> list[Place]:
        """The best window of each of these cells."""
        a, b = self._windows.first, self._windows.last
        sums, left = self._own_sums(cells, given)
        level, noise = self._level(cells, given)
        each, alike = self._gains(cells, sums, given, a, b, level)
        gain = sum(np.maximum(one - TYPE_PRICE, 0.0) for one in each)
        gain = np.maximum(gain, alike - TYPE_PRICE)
        effect = 1.0 + noise * self._exposure(cells, a, b) * given.typical.sum()
        worth = np.maximum(gain / effect, np.minimum(gain, self._change(cells, left, given)))
        price = (self.price[cells] - given.rebate) + self.window_price(a, b)[:, None]
        score = worth - price
        whole = (a == 0) & (b == self.period.days)
        score[:, self.incident[cells]] = np.where(
            whole[:, None], score[:, self.incident[cells]], -np.inf
        )
        best = score.argmax(axis=0)
        top = score[best, np.arange(len(cells))]
        return [
            Place(int(cells[n]), int(a[best[n]]), int(b[best[n]]), float(top[n]))
            for n in np.flatnonzero(top > least)
        ]

    def _own_sums(self, cells: Ints, given: Given) -> tuple[_Sums, Floats]:
        """Sums over the faults of some cells, and their unexplained faults by (day, cell)."""
        period = self.period
        place, fault = period.entries(cells)
        shape = (period.types, period.days, len(cells))
        key = (period.kind[fault] * period.days + period.day[fault]) * len(cells) + place
        inverse = 1.0 / given.rate[fault]
        weight, square, left = (
            np.asarray(np.bincount(key, value, minlength=int(np.prod(shape))), dtype=float)
            for value in (inverse, inverse**2, inverse * given.level[fault])
        )
        sums = _Sums(weight.reshape(shape), square.reshape(shape))
        return sums, np.asarray(left.reshape(shape).sum(axis=0))

    def _level(self, cells: Ints, given: Given) -> tuple[Floats, Floats]:
        """Level of some cells without a cause, and its variance tau^2."""
        place, fault = self.period.entries(cells)
        level, left = given.spread.of(place, fault, self.period.exposure[cells, -1])
        return level, left + given.spread.rest[cells]

    def _exposure(self, cells: Ints, first: Ints, last: Ints) -> Floats:
        """Sessions of each cell in each window, shape (windows, cells)."""
        return _between(np.ascontiguousarray(self.period.exposure[cells].T), first, last)

    def _gains(
        self,
        cells: Ints,
        sums: _Sums,
        given: Given,
        first: Ints,
        last: Ints,
        level: Floats | float = 1.0,
    ) -> tuple[list[Floats], Floats]:
        """Gain of each type, and of all types raised alike, each of shape (windows, cells).

        Faults that others explain weigh little: the gain is that of W^2 / sum w^2 faults of
        equal weight (Kish's effective size), which is exact where the weights are equal. A cell
        of a higher level has that much more exposure to the background.
        """
        exposure = self._exposure(cells, first, last) * level

        def gain(weight: Floats, square: Floats) -> Floats:
            total = _between(_running(weight), first, last)
            among = _between(_running(square), first, last)
            return window_gain(total**2 / np.maximum(among, 1e-12), total, exposure)

        mix = given.mix
        mixed = np.einsum("kdc,k->dc", sums.weight, mix)
        alike = gain(mixed, np.einsum("kdc,k->dc", sums.square, mix**2))
        return [gain(*pair) for pair in zip(sums.weight, sums.square, strict=True)], alike

    def _change(self, cells: Ints, left: Floats, given: Given) -> Floats:
        """What a change within the cell gains; free of the noise between cells."""
        a, b = self._windows.first, self._windows.last
        daily = np.diff(self.period.exposure[cells], axis=1) * given.by_day
        run, faults = _running(daily.T), _running(left)
        inside, expected = _between(faults, a, b), _between(run, a, b)
        outside, rest = faults[-1] - inside, run[-1] - expected
        gain = change_gain(inside, expected, outside, rest)
        return np.where(rest > 0, gain - TYPE_PRICE, 0.0)


def _running(values: Floats) -> Floats:
    """Running sums over the days of (days, cells), from zero: shape (days + 1, cells)."""
    return np.concatenate([np.zeros((1, values.shape[1])), np.cumsum(values, axis=0)])


def _between(running: Floats, first: Ints, last: Ints) -> Floats:
    """Sums over windows, shape (windows, cells), from running sums over days."""
    return np.asarray(running[last] - running[first])
