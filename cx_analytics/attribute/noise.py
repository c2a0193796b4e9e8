"""Noise between values: how much the values of an attribute vary where no cause explains it.

Models of a device and cells differ a little from each other for no reason that anyone could
repair. What is made up of such values varies with them: a lot that went into one model has that
model's level. So noise has sources, a few attributes whose values differ, and every other cell is
judged beside the level of those source values that its sessions have, as the rest of these values
shows it (random effects and their shrinkage: Robinson 1991, "That BLUP is a good thing").

Belongs here: which attributes are sources, the level of their values, and what is left of the
noise for any cell. Stays out: what a candidate is worth under it (scoring.py, assess.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from cx_analytics.attribute.cells import Period
from cx_analytics.attribute.counts import Bools, Floats, Ints
from cx_analytics.attribute.evidence import noise_variance

LEAST_FOR_NOISE = 8.0
FEW_VALUES = 15
MOST_SOURCES = 3
LEAST_SOURCE = 0.004
"""Values that vary by less (its root, 6 %) need no source of their own."""
LEAST_GAIN = 3.0
"""Nats by which a source must lessen what is left."""
MOST_TRIALS = 4
"""So many attributes, those that tell most, are tried as the next source."""
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

    def level(self, pairs: _Pairs, score: Floats, expected: Floats) -> tuple[Floats, Floats]:
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


class _Pairs(NamedTuple):
    """Cells and the values of a source in them, with the value's share of the cell's score."""

    cell: Ints
    value: Ints
    share: Floats


@dataclass(frozen=True)
class _Shape:
    """Which fault of which cell belongs to which pair of a cell and a source's value."""

    cell: Ints
    value: Ints
    known: Bools
    at: Ints

    @classmethod
    def of(cls, place: Ints, fault: Ints, value: Ints, values: int) -> _Shape:
        found = value[fault]
        known = found >= 0
        key, at = np.unique(place[known] * values + found[known], return_inverse=True)
        return cls(key // values, key % values, known, at)

    def pairs(self, weight: Floats, score: Floats) -> _Pairs:
        """With the weights of the faults, and the cells' scores."""
        tally = np.bincount(self.at, weight[self.known], minlength=len(self.cell))
        return _Pairs(self.cell, self.value, tally / np.maximum(score[self.cell], 1e-12))


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
        shapes = [_Shape.of(place, fault, one.value, len(one.expected)) for one in self.sources]
        return self.shaped(shapes, place, self.weight[fault], exposure)

    def shaped(
        self, shapes: Sequence[_Shape], place: Ints, weight: Floats, exposure: Floats
    ) -> tuple[Floats, Floats]:
        """The same where the shapes of the sources in the cells are known."""
        level, left = np.ones(len(exposure)), np.zeros(len(exposure))
        score: Floats = np.bincount(place, weight, minlength=len(exposure)).astype(float)
        for source, shape in zip(self.sources, shapes, strict=True):
            pairs = shape.pairs(weight, score)
            one, variance = source.level(pairs, score, exposure * self.usual)
            level, left = level * one, left + variance
        return level, left


@dataclass
class Noise:
    """The faults of single values grouped by value and customer, prepared once a period.

    `single` says which cells are a single value on whole days; only these tell the noise.
    """

    period: Period
    single: Bools
    sources: tuple[int, ...] = ()
    _cells: Ints = field(init=False)

    def __post_init__(self) -> None:
        period, single = self.period, self.single
        self._cells = np.flatnonzero(single)
        entries = np.flatnonzero(single[period.owner])
        self._fault = period.fault[entries]
        self._owner = (np.cumsum(single) - 1)[period.owner[entries]]
        self._place, self._visited = self._visits()
        self._attribute, self._singles = self._attributes()
        self._shapes: dict[int, _Shape] = {}

    def _visits(self) -> tuple[Ints, Ints]:
        """For each entry its (value, customer) group, and the value of each group."""
        period = self.period
        customer = period.codes("customer_id")[self._fault]
        alone = len(period.counts.columns["customer_id"].levels) + self._fault
        who = np.where(customer >= 0, customer, alone)
        width = int(who.max(initial=0)) + 1
        groups, place = np.unique(self._owner * width + who, return_inverse=True)
        return place, groups // width

    def _attributes(self) -> tuple[Ints, list[Ints]]:
        """Attributes of each cell as numbers, shape (cells, 3), and the values of each attribute.

        Cells of fewer conditions are filled up with a number beyond the last attribute.
        """
        period = self.period
        number = {name: n for n, name in enumerate(period.counts.names)}
        attribute = np.full((len(period.cell), 3), len(number), dtype=np.int64)
        for cell in range(len(period.cell)):
            for place, name in enumerate(period.key(cell).names):
                attribute[cell, place] = number.get(name, len(number))
        own = attribute[self._cells, 0]
        return attribute, [np.flatnonzero(own == n) for n in range(len(number))]

    def choose(self, rate: Floats, typical: Floats) -> None:
        """Choose the sources: those that leave least of what all attributes vary by."""
        weight, usual = typical[self.period.kind] / rate, float(typical.sum())
        self.sources = ()
        best = self._tried((), weight, usual)
        while len(self.sources) < MOST_SOURCES:
            worth = sorted(((-gain, n) for n, gain in enumerate(best.gains) if gain > 0.0))
            trials = [
                self._tried((*self.sources, n), weight, usual) for _, n in worth[:MOST_TRIALS]
            ]
            least = min(trials, key=lambda one: one.left, default=best)
            if least.left > best.left - LEAST_GAIN:
                return
            self.sources, best = least.names, least

    def spread(self, rate: Floats, typical: Floats) -> Spread:
        """The noise under the hazards of a model.

        `typical` is the mean hazard of each type. The variance to be expected is that of
        customers, not of faults. Attributes with few values lean on the median of the others.
        """
        weight, usual = typical[self.period.kind] / rate, float(typical.sum())
        tried = self._tried(self.sources, weight, usual)
        return Spread(weight, tried.sources, self._rest(tried), usual)

    def _tried(self, names: tuple[int, ...], weight: Floats, usual: float) -> _Tried:
        """What the attributes vary by beyond some sources, each source beyond those before."""
        spread = Spread(weight, (), np.zeros(0), usual)
        sums = self._sums(spread, ())
        for n, name in enumerate(names):
            source = self._source(name, self._tau2(name, sums), sums, spread)
            spread = Spread(weight, (*spread.sources, source), np.zeros(0), usual)
            sums = self._sums(spread, names[: n + 1])
        tau2 = [0.0 if n in names else self._tau2(n, sums) for n in range(len(self._singles))]
        gains = [self._gain(n, one, sums) for n, one in enumerate(tau2)]
        return _Tried(names, spread.sources, tau2, gains, [len(rows) for rows in sums.usable])

    def _rest(self, tried: _Tried) -> Floats:
        """Variance of each cell's attributes beyond the sources."""
        sizes = tried.sizes
        pairs = list(zip(tried.tau2, sizes, strict=True))
        known = [
            one
            for n, (one, size) in enumerate(pairs)
            if size >= FEW_VALUES and n not in tried.names
        ]
        common = float(np.median(known)) if known else 0.0
        mixed = [(one * size + common * FEW_VALUES) / (size + FEW_VALUES) for one, size in pairs]
        beyond = [0.0 if n in tried.names else one for n, one in enumerate(mixed)]
        return np.asarray(np.array([*beyond, 0.0])[self._attribute].sum(axis=1), dtype=float)

    def _sums(self, spread: Spread, names: tuple[int, ...]) -> _Sums:
        """Of each single value: its score, its variance, and what is expected of it."""
        size = len(self._cells)
        own = spread.weight[self._fault]
        each = np.bincount(self._place, own) ** 2
        square: Floats = np.bincount(self._visited, each, minlength=size).astype(float)
        score: Floats = np.bincount(self._owner, own, minlength=size).astype(float)
        exposure = self.period.exposure[self._cells, -1]
        shapes = [self._shape(name) for name in names]
        level, left = spread.shaped(shapes, self._owner, own, exposure)
        expected = exposure * spread.usual
        usable = [rows[expected[rows] >= LEAST_FOR_NOISE] for rows in self._singles]
        return _Sums(score, square, expected, level, left, usable)

    def _shape(self, attribute: int) -> _Shape:
        """The values of an attribute in the single values of all."""
        if attribute not in self._shapes:
            name = self.period.counts.names[attribute]
            value, values = self.period.codes(name), len(self.period.counts.columns[name].levels)
            self._shapes[attribute] = _Shape.of(self._owner, self._fault, value, values)
        return self._shapes[attribute]

    def _tau2(self, attribute: int, sums: _Sums) -> float:
        """tau^2 of an attribute beyond the sources."""
        rows = sums.usable[attribute]
        even = sums.expected[rows] * sums.level[rows]
        variance = sums.square[rows] + sums.left[rows] * sums.expected[rows] ** 2
        return noise_variance(sums.score[rows] - even, variance, even)

    def _gain(self, attribute: int, tau2: float, sums: _Sums) -> float:
        """How much more likely an attribute's values are with their noise, by the robust tau^2."""
        rows = sums.usable[attribute]
        if tau2 < LEAST_SOURCE or len(rows) < FEW_VALUES:
            return 0.0
        relative = tau2 * sums.expected[rows] ** 2 / np.maximum(sums.square[rows], 1e-12)
        return float(0.5 * np.log1p(relative).sum())

    def _source(self, attribute: int, tau2: float, sums: _Sums, spread: Spread) -> Source:
        period, rows = self.period, sums.usable[attribute]
        name = period.counts.names[attribute]
        value = period.codes(name)
        sessions = period.counts.values[name][:, period.first : period.last].sum(axis=1)
        known = value >= 0
        met = np.bincount(value[known], spread.weight[known], minlength=len(sessions))
        clustering = float(sums.square[rows].sum() / max(sums.score[rows].sum(), 1e-12)) or 1.0
        expected = sessions * spread.usual
        return Source(value, tau2, met.astype(float), expected, clustering)


@dataclass(frozen=True)
class _Tried:
    """Some sources, what each attribute varies by beyond them, and how much that tells."""

    names: tuple[int, ...]
    sources: tuple[Source, ...]
    tau2: list[float]
    gains: list[float]
    sizes: list[int]

    @property
    def left(self) -> float:
        """How much all attributes tell that the sources do not."""
        return sum(self.gains)


@dataclass(frozen=True)
class _Sums:
    """Of each single value: score, its variance, expectation, and level and noise by sources.

    `usable` has, for each attribute, the values with enough expected faults to tell noise.
    """

    score: Floats
    square: Floats
    expected: Floats
    level: Floats
    left: Floats
    usable: list[Ints]
