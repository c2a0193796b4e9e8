"""Which story of a cell is the cheapest: one element, one with exceptions, or a split.

Belongs here: the comparison for one cell, by dynamic programming over the cells within it.
Stays out: which cells are looked at (search.py).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from cx_analytics.attribute.cuboids.evidence import Evidence
from cx_analytics.attribute.cuboids.lattice import Cuboid, Lattice
from cx_analytics.attribute.cuboids.leaves import Floats, Ints

DEPTH = 3
"""A split is looked at up to so many conditions more."""


@dataclass(frozen=True)
class Story:
    """The best single element over a cell, and whether no split is cheaper.

    `gain` in nats is net of the channel's price, not of the element's.
    """

    channel: int
    gain: float
    holds: bool


def story(
    evidence: Evidence,
    leaves: Ints,
    inside: Lattice,
    price: float,
    price_inside: Callable[[Cuboid], float],
) -> Story:
    """Judge a cell.

    Parameters
    ----------
    leaves : places of the cell's leaves.
    inside : lattice over these leaves with the attributes that the cell leaves open.
    price : nats of the element over the cell.
    price_inside : nats of an element over a cuboid of `inside`.
    """
    values = evidence.values(leaves)
    total = values.sum(axis=0, dtype=np.float64) - evidence.price
    channel = int(total.argmax())
    gain = float(total[channel])
    if not inside.sizes:
        return Story(channel, float(evidence.best[evidence.row[leaves[0]]]), True)
    best: dict[Cuboid, Floats] = {}
    split, kept = 0.0, -np.inf
    for cuboid, sums in inside.sums(values):
        name = price_inside(cuboid)
        own = evidence.net(sums) - name
        finer = _finer(inside, best, cuboid)
        best[cuboid] = np.maximum(own, finer)
        if len(cuboid) == 1:
            apart = np.maximum(own, finer - name)
            split = max(split, float(np.maximum(best[cuboid], 0.0).sum()))
            kept = max(kept, float(np.maximum(sums[:, channel], apart).sum()))
    kept -= price + float(evidence.price[channel])
    return Story(channel, gain, max(gain - price, kept) >= split)


def _finer(inside: Lattice, best: dict[Cuboid, Floats], cuboid: Cuboid) -> Floats:
    """The best split of each cell of a cuboid along one attribute more."""
    found: Floats = np.zeros(0)
    for place in range(len(inside.sizes)):
        parent = tuple(sorted((*cuboid, place)))
        if place in cuboid or parent not in best:
            continue
        sums = inside.total(np.maximum(best[parent], 0.0), parent, cuboid)
        found = np.maximum(found, sums) if len(found) else sums
    return found if len(found) else np.zeros(1)
