"""Boards: the evidence of every cell, kept up to date while elements explain leaves.

`DenseBoard` keeps all sums and takes explained leaves off them; for dense leaves that fit into
memory. `LazyBoard` keeps only the most promising cells, counts a cell again when it comes to
the top and some of its leaves are explained by now (the lazy greedy of Minoux 1978, "Accelerated
greedy algorithms"), and sums up anew when it runs out of them.

Belongs here: which cell is on top. Stays out: whether it is taken (search.py).
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from cx_analytics.attribute.cuboids.cell import Cell, Found
from cx_analytics.attribute.cuboids.evidence import Evidence, Prices
from cx_analytics.attribute.cuboids.lattice import Cuboid, Lattice, Sums
from cx_analytics.attribute.cuboids.leaves import Bools, Floats, Ints

STORED_BYTES = 256_000_000
"""Memory for sums that are kept, or made at one time."""

MOST_PROMISING = 1000
"""Cells that a lazy board keeps of one summing-up."""

MOST_AGAIN = 300
"""Cells that a lazy board counts again before it sums up anew."""


class Board(Protocol):
    """What search asks of a board."""

    evidence: Evidence

    def top(self) -> Cell | None:
        """The cell with the largest gain above 0 that was not refused."""
        ...

    def refuse(self, cell: Cell) -> None:
        """Never mind this cell, unless some of its leaves get explained."""
        ...

    def explain(self, found: Found) -> None:
        """Silence the leaves of an element."""
        ...


def board_of(lattice: Lattice, evidence: Evidence, prices: Prices) -> Board:
    """The board that fits the size of the lattice."""
    cells = sum(lattice.cells_of(cuboid) for cuboid in lattice.cuboids)
    whole = lattice.cuboids[0] == lattice.whole if lattice.cuboids else False
    if lattice.keys is None and whole and 4 * cells * len(evidence.price) < STORED_BYTES:
        return DenseBoard(lattice, evidence, prices)
    return LazyBoard(lattice, evidence, prices)


class DenseBoard:
    """All sums, shape (values of each attribute, ..., channels), and the best of each cell."""

    def __init__(self, lattice: Lattice, evidence: Evidence, prices: Prices) -> None:
        self.lattice, self.evidence, self.prices = lattice, evidence, prices
        self.sums: dict[Cuboid, Sums] = {}
        self.best: dict[Cuboid, Sums] = {}
        self.place: dict[Cuboid, int] = {}
        for cuboid, sums in lattice.sums(evidence.every(slice(0, len(evidence.price)))):
            shape = lattice.shape(cuboid)
            if cuboid == lattice.whole:
                self.best[cuboid] = evidence.best[evidence.row].reshape(shape)
            else:
                self.sums[cuboid] = sums.reshape(*shape, -1)
                self.best[cuboid] = evidence.net(sums).reshape(shape)
            self._settle(cuboid)

    def _settle(self, cuboid: Cuboid) -> None:
        """After a change: no condition is a missing value; where the best cell is."""
        best = self.best[cuboid]
        for axis, place in enumerate(cuboid):
            if self.prices.values[place] < self.lattice.sizes[place]:
                best[(slice(None),) * axis + (-1,)] = -np.inf
        self.place[cuboid] = int(best.argmax())

    def top(self) -> Cell | None:
        gains = [
            (float(self.best[cuboid].flat[place]) - self.prices.of(cuboid), len(cuboid), cuboid)
            for cuboid, place in self.place.items()
        ]
        gain, _, cuboid = max(gains, key=lambda one: (one[0], -one[1]))
        if gain <= 0:
            return None
        return Cell(cuboid, self.lattice.codes(cuboid, self.place[cuboid]))

    def refuse(self, cell: Cell) -> None:
        self.best[cell.cuboid][cell.codes] = -np.inf
        self.place[cell.cuboid] = int(self.best[cell.cuboid].argmax())

    def explain(self, found: Found) -> None:
        cell = found.cell
        inside = self.lattice.inside(cell.cuboid, found.leaves, len(self.lattice.sizes))
        values = self.evidence.values(self.lattice.leaves_of(cell.cuboid, cell.codes))
        free = [place for place in self.lattice.whole if place not in cell.cuboid]
        taken: dict[Cuboid, Sums] = {(): values.sum(axis=0)}
        for cuboid, sums in inside.sums(values) if free else ():
            taken[tuple(free[n] for n in cuboid)] = sums
        self.evidence = self.evidence.without(found.leaves)
        fixed = dict(zip(cell.cuboid, cell.codes, strict=True))
        for cuboid, best in self.best.items():
            at = tuple(fixed.get(place, slice(None)) for place in cuboid)
            if cuboid == self.lattice.whole:
                best[at] = self.evidence.best[0]
            else:
                rest = tuple(place for place in cuboid if place not in fixed)
                sums = self.sums[cuboid]
                part = sums[at]
                part -= taken[rest].reshape(part.shape)
                sums[at] = part
                net = self.evidence.net(part.reshape(-1, part.shape[-1]))
                best[at] = net.reshape(part.shape[:-1])
            self._settle(cuboid)


@dataclass(order=True)
class _Entry:
    """A cell in the queue; `seen` counts the elements that its gain knows of."""

    loss: float
    depth: int
    cell: Cell
    seen: int


class LazyBoard:
    """The most promising cells of the last summing-up."""

    def __init__(self, lattice: Lattice, evidence: Evidence, prices: Prices) -> None:
        self.lattice, self.evidence, self.prices = lattice, evidence, prices
        self.taken: list[Found] = []
        self.refused: set[Cell] = set()
        self.again = 0
        self.queue = self._promising()

    def top(self) -> Cell | None:
        while True:
            while self.queue and self.again < MOST_AGAIN:
                entry = self.queue[0]
                if entry.cell not in self.refused and self._current(entry):
                    return entry.cell
                heapq.heappop(self.queue)
                if entry.loss < 0 and entry.cell not in self.refused:
                    heapq.heappush(self.queue, entry)
            if not self.taken:
                return None
            self.taken, self.again = [], 0
            self.queue = self._promising()

    def _current(self, entry: _Entry) -> bool:
        """Whether the gain of an entry is that of now; else it is brought up to date."""
        relations = {entry.cell.relation(one.cell) for one in self.taken[entry.seen :]}
        entry.seen = len(self.taken)
        if "within" in relations:
            entry.loss = 0.0
        elif "overlaps" in relations:
            self.again += 1
            gain = self.evidence.gain(self.lattice.leaves_of(entry.cell.cuboid, entry.cell.codes))
            entry.loss = -(gain - self.prices.of(entry.cell.cuboid))
        return relations <= {"apart"}

    def refuse(self, cell: Cell) -> None:
        self.refused.add(cell)

    def explain(self, found: Found) -> None:
        self.evidence = self.evidence.without(found.leaves)
        self.taken.append(found)
        self.refused = {one for one in self.refused if one.relation(found.cell) == "apart"}

    def _promising(self) -> list[_Entry]:
        """The cells with the largest positive gain, as a heap."""
        queue: list[_Entry] = []
        for cuboid, best in self._best().items():
            gain = best - self.prices.of(cuboid)
            places: Ints = np.flatnonzero(gain > 0)
            keys = self.lattice.keys_of(cuboid)
            known = self._known(cuboid, places if keys is None else keys[places])
            places = _largest(places[known], gain, MOST_PROMISING)
            for place in places:
                key = int(place if keys is None else keys[place])
                cell = Cell(cuboid, self.lattice.codes(cuboid, key))
                queue.append(_Entry(-float(gain[place]), len(cuboid), cell, 0))
        queue = heapq.nsmallest(MOST_PROMISING, queue)
        heapq.heapify(queue)
        return queue

    def _known(self, cuboid: Cuboid, keys: Ints) -> Bools:
        """Which cells have no missing value among their conditions."""
        known = np.ones(len(keys), dtype=np.bool_)
        rest = keys
        for place in reversed(cuboid):
            rest, code = np.divmod(rest, self.lattice.sizes[place])
            known &= code < self.prices.values[place]
        return known

    def _best(self) -> dict[Cuboid, Floats]:
        """Evidence of every cell in its best channel, net of the channel's price."""
        best: dict[Cuboid, Floats] = {}
        for part in _blocks(len(self.evidence.price), self.lattice.count):
            values = self.evidence.every(part)
            for cuboid, sums in self.lattice.sums(values):
                if cuboid == self.lattice.whole:
                    best[cuboid] = self.evidence.best[self.evidence.row]
                    continue
                net = self.evidence.net(sums, part)
                best[cuboid] = np.maximum(best[cuboid], net) if cuboid in best else net
        return best


def _blocks(channels: int, leaves: int) -> Sequence[slice]:
    """All channels at one time if their sums fit into memory, else one by one: sums over a
    short last axis are fast when it has one channel or many, and slow in between."""
    size = channels if 4 * leaves * channels <= STORED_BYTES else 1
    return [slice(start, start + size) for start in range(0, channels, size)]


def _largest(places: Ints, gain: Floats, most: int) -> Ints:
    if len(places) <= most:
        return places
    return places[np.argpartition(-gain[places], most)[:most]]
