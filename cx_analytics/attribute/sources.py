"""Sources: the attributes whose values differ without a cause, found from the data.

What depends on a noisy attribute varies along, and nothing says in advance which attribute it is.
So the sources are those few that, once their values' levels are known, leave least variation in
all the others (forward selection; each attribute's variance by a robust empirical null: Efron
2004).

Belongs here: that choice, and the noise under a model. Stays out: what the noise means for a
candidate (noise.py).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from cx_analytics.attribute.cells import Numbers
from cx_analytics.attribute.counts import Bools, Floats, Ints
from cx_analytics.attribute.evidence import noise_variance
from cx_analytics.attribute.noise import Shape, Source, Spread
from cx_analytics.attribute.period import Period, chunks

LEAST_FOR_NOISE = 8.0
FEW_VALUES = 15
MOST_SOURCES = 3
LEAST_SOURCE = 0.004
"""Values that vary by less (its root, 6 %) need no source of their own."""
LEAST_GAIN = 3.0
"""Nats by which a source must lessen what is left."""
MOST_TRIALS = 4
"""So many attributes, those that tell most, are tried as the next source."""


@dataclass
class Sources:
    """The faults of single values grouped by value and customer, prepared once a period.

    `single` says which cells are a single value on whole days; only these tell the noise.
    """

    period: Period
    single: Bools
    names: tuple[int, ...] = ()
    _cells: Ints = field(init=False)

    def __post_init__(self) -> None:
        self._cells = np.flatnonzero(self.single)
        parts = [(part, *self._visits(part)) for part in chunks(np.arange(len(self._cells)))]
        sizes = np.cumsum([0, *(len(visited) for *_, visited in parts)]).tolist()
        self._fault = np.concatenate([fault for _, _, fault, _, _ in parts])
        self._owner = np.concatenate([owner for _, owner, _, _, _ in parts])
        self._place = np.concatenate(
            [place + np.int32(before) for (*_, place, _), before in zip(parts, sizes, strict=False)]
        )
        self._visited = np.concatenate([visited for *_, visited in parts])
        self._attribute, self._singles = self._attributes()
        self._shapes: dict[int, Shape] = {}

    def _visits(self, part: Ints) -> tuple[Numbers, Numbers, Numbers, Numbers]:
        """Of some single values: value and fault of each entry, its (value, customer) group.

        Last the value of each group.
        """
        period = self.period
        place, fault = period.entries(self._cells[part])
        customer = period.codes("customer_id")[fault]
        alone = len(period.counts.columns["customer_id"].levels) + fault
        who = np.where(customer >= 0, customer, alone)
        width = int(who.max(initial=0)) + 1
        groups, visit = np.unique(place * width + who, return_inverse=True)
        return (
            part[place].astype(np.int32),
            fault.astype(np.int32),
            visit.astype(np.int32),
            part[groups // width].astype(np.int32),
        )

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
        sums = self._sums(rate, typical)
        best = self._beyond(sums, _Beyond.nothing(len(self._cells)))
        while len(best.names) < MOST_SOURCES:
            worth = sorted(((-gain, n) for n, gain in enumerate(best.gains) if gain > 0.0))
            trials = [self._with(sums, best, n) for _, n in worth[:MOST_TRIALS]]
            least = min(trials, key=lambda one: (round(one.told, 6), one.values), default=best)
            if least.told > best.told - LEAST_GAIN:
                break
            best = least
        self.names = best.names

    def spread(self, rate: Floats, typical: Floats) -> Spread:
        """The noise under the hazards of a model.

        `typical` is the mean hazard of each type. The variance to be expected is that of
        customers, not of faults. Attributes with few values lean on the median of the others.
        """
        sums = self._sums(rate, typical)
        beyond = _Beyond.nothing(len(self._cells))
        for name in self.names:
            tau2 = self._tau2(name, sums, beyond)
            beyond = beyond.plus(name, self._source(name, tau2, sums), self._shape(name), sums)
        beyond = self._beyond(sums, beyond)
        return Spread(sums.weight, beyond.sources, self._rest(sums, beyond), sums.usual)

    def _sums(self, rate: Floats, typical: Floats) -> _Sums:
        """Of each single value: its score, its variance, and what is expected of it."""
        size = len(self._cells)
        weight, usual = typical[self.period.kind] / rate, float(typical.sum())
        own = weight[self._fault]
        each = np.bincount(self._place, own) ** 2
        square: Floats = np.bincount(self._visited, each, minlength=size).astype(float)
        score: Floats = np.bincount(self._owner, own, minlength=size).astype(float)
        expected = self.period.exposure[self._cells, -1] * usual
        usable = [rows[expected[rows] >= LEAST_FOR_NOISE] for rows in self._singles]
        return _Sums(weight, usual, own, score, square, expected, usable)

    def _with(self, sums: _Sums, before: _Beyond, name: int) -> _Beyond:
        """What the attributes vary by beyond some sources and one more."""
        source = self._source(name, before.tau2[name], sums)
        return self._beyond(sums, before.plus(name, source, self._shape(name), sums))

    def _beyond(self, sums: _Sums, beyond: _Beyond) -> _Beyond:
        """With the variance of every attribute beyond the sources, and how much it tells."""
        attributes = range(len(self._singles))
        tau2 = [0.0 if n in beyond.names else self._tau2(n, sums, beyond) for n in attributes]
        gains = [_gain(one, sums, rows) for one, rows in zip(tau2, sums.usable, strict=True)]
        return replace(beyond, tau2=tau2, gains=gains)

    def _tau2(self, attribute: int, sums: _Sums, beyond: _Beyond) -> float:
        """tau^2 of an attribute beyond the sources."""
        rows = sums.usable[attribute]
        if not len(rows):
            return 0.0
        even = sums.expected[rows] * beyond.level[rows]
        whole = noise_variance(sums.score[rows] - even, sums.square[rows], even)
        return max(0.0, whole - float(np.median(beyond.left[rows])))

    def _rest(self, sums: _Sums, beyond: _Beyond) -> Floats:
        """Variance of each cell's attributes beyond the sources."""
        told = [
            (0.0 if n in beyond.names else tau2, len(rows), n not in beyond.names)
            for n, (tau2, rows) in enumerate(zip(beyond.tau2, sums.usable, strict=True))
        ]
        known = [tau2 for tau2, size, free in told if free and size >= FEW_VALUES]
        common = float(np.median(known)) if known else 0.0
        mixed = [
            (tau2 * size + common * FEW_VALUES) / (size + FEW_VALUES) if free else 0.0
            for tau2, size, free in told
        ]
        return np.asarray(np.array([*mixed, 0.0])[self._attribute].sum(axis=1), dtype=float)

    def _shape(self, attribute: int) -> Shape:
        """The values of an attribute in the single values of all."""
        if attribute not in self._shapes:
            name = self.period.counts.names[attribute]
            value, values = self.period.codes(name), len(self.period.counts.columns[name].levels)
            self._shapes[attribute] = Shape.of(self._owner, self._fault, value, values)
        return self._shapes[attribute]

    def _source(self, attribute: int, tau2: float, sums: _Sums) -> Source:
        period, rows = self.period, sums.usable[attribute]
        name = period.counts.names[attribute]
        value, levels = period.codes(name), len(period.counts.columns[name].levels)
        known = value >= 0
        met = np.bincount(value[known], sums.weight[known], minlength=levels).astype(float)
        clustering = float(sums.square[rows].sum() / max(sums.score[rows].sum(), 1e-12)) or 1.0
        expected = self._expected(attribute, met, sums.usual)
        return Source(value, tau2, met, expected, clustering)

    def _expected(self, attribute: int, met: Floats, usual: float) -> Floats:
        """Faults expected of every value; of a wide attribute, values that were not counted are
        taken to have as many as they should."""
        period = self.period
        name = period.counts.names[attribute]
        if name in period.counts.values:
            sessions = period.counts.values[name][:, period.first : period.last].sum(axis=1)
            return np.asarray(sessions * usual, dtype=np.float64)
        expected, place = met.copy(), period.counts.columns[name].place
        for cell in self._cells[self._singles[attribute]]:
            ((_, own),) = period.key(int(cell)).conditions
            expected[place[own]] = period.exposure[cell, -1] * usual
        return expected


@dataclass(frozen=True)
class _Sums:
    """Sums under the hazards of a model.

    `weight` is typical over total hazard, of each fault, and `own` the same at the faults of
    each single value. Of each single value: `score` and its variance `square`, and `expected`.
    `usable` has, for each attribute, the values with enough expected faults to tell noise.
    """

    weight: Floats
    usual: float
    own: Floats
    score: Floats
    square: Floats
    expected: Floats
    usable: list[Ints]


@dataclass(frozen=True)
class _Beyond:
    """Some sources; level and noise of each single value by them; what attributes vary by beyond.

    `tau2` and `gains`, in nats, have an entry an attribute.
    """

    names: tuple[int, ...]
    sources: tuple[Source, ...]
    level: Floats
    left: Floats
    tau2: list[float]
    gains: list[float]

    @classmethod
    def nothing(cls, size: int) -> _Beyond:
        """No source."""
        return cls((), (), np.ones(size), np.zeros(size), [], [])

    @property
    def told(self) -> float:
        """How much all attributes tell that the sources do not."""
        return sum(self.gains)

    @property
    def values(self) -> int:
        """Values of the last source: of equals the one with fewer is simpler."""
        return len(self.sources[-1].expected) if self.sources else 0

    def plus(self, name: int, source: Source, shape: Shape, sums: _Sums) -> _Beyond:
        """With one more source; what is left beyond it is not known yet."""
        pairs = shape.pairs(sums.own, sums.score)
        level, left = source.level(pairs, sums.score, sums.expected)
        names, sources = (*self.names, name), (*self.sources, source)
        return _Beyond(names, sources, self.level * level, self.left + left, [], [])


def _gain(tau2: float, sums: _Sums, rows: Ints) -> float:
    """How much more likely some values are with their noise, by the robust tau^2, in nats."""
    if tau2 < LEAST_SOURCE or len(rows) < FEW_VALUES:
        return 0.0
    relative = tau2 * sums.expected[rows] ** 2 / np.maximum(sums.square[rows], 1e-12)
    return float(0.5 * np.log1p(relative).sum())
