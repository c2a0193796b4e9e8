"""What each leaf says for and against an element, in nats, by channel.

A channel is a hypothesis about the leaves of an element: all off by about the same severity, or
(the severity-agnostic channel) off in one direction by any amount. The evidence of an element is
the sum over its leaves, in its best channel.

Belongs here: the shape of the evidence and the price of a claim. Stays out: where the numbers
come from (relative.py, binomial.py).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import pairwise

import numpy as np

from cx_analytics.attribute.cuboids.lattice import Cuboid, Sums
from cx_analytics.attribute.cuboids.leaves import Floats, Ints

CHUNK = 1 << 18
"""Leaves that are looked up at a time: their indices stay in the cache."""

LOUD = 0.8
"""Probability that an element goes the way of what is loud."""

SILENT = 0
"""The row of the table for leaves that say nothing: not present, or explained already."""


@dataclass(frozen=True)
class Evidence:
    """Log-likelihood ratios of leaves.

    Attributes
    ----------
    row : for each leaf its row in the table.
    table : shape (rows, channels), nats; row 0 is zero.
    severity : of each channel, signed as the relative error; 0 = agnostic.
    price : nats that each channel costs to name.
    null_nats : log-likelihood of all leaves when there is no element.
    """

    row: Ints
    table: Sums
    severity: Floats
    price: Floats
    null_nats: float = 0.0

    @cached_property
    def best(self) -> Sums:
        """The net evidence of a single leaf, by row of the table: a mean over channels."""
        net = self.table - self.price
        top = net.max(axis=1, keepdims=True)
        return np.asarray((top + np.log(np.exp(net - top).sum(axis=1, keepdims=True)))[:, 0])

    @property
    def ceiling(self) -> float:
        """The likelihood (nats) that no set of elements can exceed."""
        best = np.maximum(self.table.max(axis=1), 0.0)
        return self.null_nats + float(best[self.row].sum(dtype=np.float64))

    @cached_property
    def above(self) -> int:
        """The first channel for elements above their forecast; those before are for below."""
        return int(np.flatnonzero(self.severity == 0)[-1])

    @cached_property
    def _runs(self) -> list[tuple[int, int]]:
        """Neighbouring channels of the same price."""
        edges = np.flatnonzero(np.diff(self.price)) + 1
        starts = [0, *edges.tolist(), len(self.price)]
        return list(pairwise(starts))

    def net(self, sums: Sums, channels: slice | None = None) -> Sums:
        """The best channel of each cell, net of its price, from sums of shape (cells, channels)."""
        first, last = (channels.start, channels.stop) if channels else (0, len(self.price))
        found: Sums | None = None
        for start, stop in self._runs:
            a, b = max(start, first), min(stop, last)
            if a < b:
                own = _row_max(sums[:, a - first : b - first]) - np.float32(self.price[a])
                found = own if found is None else np.maximum(found, own, out=found)
        assert found is not None
        return found

    def values(self, leaves: Ints) -> Sums:
        """Nats of leaves by channel, shape (leaves, channels)."""
        return np.take(self.table, self.row[leaves], axis=0)

    def every(self, channels: slice) -> Sums:
        """Nats of all leaves in some channels, shape (leaves, channels)."""
        table = np.ascontiguousarray(self.table[:, channels])
        found = np.empty((len(self.row), table.shape[1]), dtype=np.float32)
        for start in range(0, len(self.row), CHUNK):
            part = slice(start, start + CHUNK)
            np.take(table, self.row[part], axis=0, out=found[part], mode="clip")
        return found

    def gain(self, leaves: Ints) -> float:
        """Nats of a cell in its best channel, net of the channel's price."""
        if len(leaves) == 1:
            return float(self.best[self.row[leaves[0]]])
        total = self.values(leaves).sum(axis=0, dtype=np.float64)
        return float((total - self.price).max())

    def without(self, leaves: Ints) -> Evidence:
        """The same evidence with some leaves silent."""
        row = self.row.copy()
        row[leaves] = SILENT
        silenced = replace(self, row=row)
        silenced.__dict__.update({n: self.__dict__[n] for n in _DERIVED if n in self.__dict__})
        return silenced


_DERIVED = ("best", "above", "_runs")
"""What depends on the table only, and stays when leaves are silenced."""


def _row_max(values: Sums) -> Sums:
    """The maximum of each row; folding halves is faster than a short reduction."""
    while (width := values.shape[1]) > 1:
        half = width // 2
        folded = np.maximum(values[:, :half], values[:, half : 2 * half])
        if width % 2:
            np.maximum(folded[:, 0], values[:, -1], out=folded[:, 0])
        values = folded
    return values[:, 0]


def channel_prices(severities: Floats, loud: int) -> Floats:
    """Nats to name each channel: a direction, and a severity or none.

    `severities` lists those below the forecast, then those above; each list begins with 0, the
    agnostic channel. `loud` is the direction (0 below, 1 above) in which things are off more:
    an element is likely to go with it.
    """
    sides = np.split(severities, [int(np.flatnonzero(severities == 0)[-1])])
    prices = []
    for direction, side in enumerate(sides):
        share = LOUD if direction == loud else 1.0 - LOUD
        prices.append(-np.log(share * np.where(side == 0, 0.5, 0.5 / (len(side) - 1))))
    return np.concatenate(prices)


@dataclass
class Prices:
    """Description length of an element in nats, beyond its channel.

    An element names how many conditions it has, which attributes, and their values. Elements
    often come in families: one over a cuboid that is named already costs only its values. The
    first one must gain `margin` nats more than that, so that a table without a deviation stays
    without an element; every later one `later` nats.
    """

    values: Sequence[int]
    """Values of each attribute, a missing one not counted."""

    margin: float = 2.0
    later: float = 0.5
    named: set[Cuboid] = field(default_factory=set)

    def full(self, cuboid: Cuboid) -> float:
        """Nats for an element over a cuboid that no element is over yet."""
        count = len(self.values)
        layers = math.log(count) + math.log(math.comb(count, len(cuboid)))
        return layers + self.values_of(cuboid)

    def values_of(self, cuboid: Cuboid) -> float:
        """Nats for the values of an element's conditions."""
        return sum(math.log(max(1, self.values[place])) for place in cuboid)

    def sibling(self, cuboid: Cuboid) -> float:
        """Nats for one more element over the same cuboid."""
        return math.log(2.0) + self.values_of(cuboid)

    def of(self, cuboid: Cuboid) -> float:
        """Nats for an element now."""
        if cuboid in self.named:
            return self.later + self.sibling(cuboid)
        return (self.later + math.log(2.0) if self.named else self.margin) + self.full(cuboid)
