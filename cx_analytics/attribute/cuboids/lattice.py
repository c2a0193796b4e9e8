"""The lattice of cuboids over leaves, and sums of leaf values over every cell of each.

A cuboid is a non-empty set of attributes; its cells are the combinations of their values. With k
attributes there are 2^k - 1 (Gray et al. 1997, "Data Cube", Data Mining and Knowledge Discovery
1, 29-53). A cuboid's sums are made from those of its smallest parent, the cuboid with one
attribute more (Agarwal et al. 1996, "On the computation of multidimensional aggregates", VLDB).

Belongs here: which cuboids there are, keys of cells, sums. Stays out: what is summed.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cx_analytics.attribute.cuboids.leaves import Floats, Ints

Sums = NDArray[np.float32]

Cuboid = tuple[int, ...]
"""Places of the attributes, ascending."""

MOST_CELLS = 40_000_000
"""Cells of all cuboids together, beyond which the deepest cuboids are left out."""


@dataclass(frozen=True)
class Lattice:
    """Cuboids over leaves.

    Attributes
    ----------
    sizes : codes of each attribute.
    keys : ascending keys of the leaves; None when there is a leaf for every combination.
    depth : most conditions of a cell.
    """

    sizes: tuple[int, ...]
    keys: Ints | None = None
    depth: int = 64

    @cached_property
    def count(self) -> int:
        """Leaves."""
        return math.prod(self.sizes) if self.keys is None else len(self.keys)

    @cached_property
    def whole(self) -> Cuboid:
        """The cuboid of all attributes, whose cells are the leaves."""
        return tuple(range(len(self.sizes)))

    @cached_property
    def cuboids(self) -> tuple[Cuboid, ...]:
        """Every cuboid that is looked at, the deepest first."""
        found: list[Cuboid] = []
        cells = 0
        for depth in range(1, min(self.depth, len(self.sizes)) + 1):
            layer = list(combinations(range(len(self.sizes)), depth))
            cells += sum(min(self.count, self.cells_of(cuboid)) for cuboid in layer)
            if depth > 1 and cells > MOST_CELLS + self.count:
                break
            found += layer
        return tuple(reversed(found))

    def cells_of(self, cuboid: Cuboid) -> int:
        """Combinations of values of a cuboid, present or not."""
        return math.prod(self.sizes[place] for place in cuboid)

    def shape(self, cuboid: Cuboid) -> tuple[int, ...]:
        """Codes of each attribute of a cuboid."""
        return tuple(self.sizes[place] for place in cuboid)

    @cached_property
    def _plan(self) -> dict[Cuboid, Cuboid]:
        """The parent that each cuboid's sums are made from."""
        whole = self.whole
        known = set(self.cuboids)
        plan = {}
        for cuboid in self.cuboids:
            more = (tuple(sorted((*cuboid, place))) for place in whole if place not in cuboid)
            parents = [parent for parent in more if parent in known]
            plan[cuboid] = min(parents, key=self.cells_of, default=whole)
        return plan

    @cached_property
    def _groups(self) -> dict[Cuboid, tuple[Ints, Ints, Ints]]:
        """Sparse only: by cuboid, its keys, and the order and starts that group its parent."""
        assert self.keys is not None
        whole = self.whole
        groups: dict[Cuboid, tuple[Ints, Ints, Ints]] = {}
        for cuboid, parent in self._plan.items():
            if cuboid == whole:
                continue
            above = self.keys if parent == whole else groups[parent][0]
            key = self.coarser(above, parent, cuboid)
            order = np.argsort(key, kind="stable")
            starts = np.flatnonzero(np.diff(key[order], prepend=-1))
            groups[cuboid] = key[order[starts]], order, starts
        return groups

    def coarser(self, keys: Ints, parent: Cuboid, cuboid: Cuboid) -> Ints:
        """Keys in a cuboid of cells given by their keys in a parent of it."""
        found = np.zeros(len(keys), dtype=np.int64)
        rest, scale = keys, 1
        for place in reversed(parent):
            rest, code = np.divmod(rest, self.sizes[place])
            if place in cuboid:
                found += code * scale
                scale *= self.sizes[place]
        return found

    def keys_of(self, cuboid: Cuboid) -> Ints | None:
        """Ascending keys of the cells that have sums; None when all combinations have."""
        if self.keys is None:
            return None
        return self.keys if len(cuboid) == len(self.sizes) else self._groups[cuboid][0]

    def sums(self, values: Sums) -> Iterator[tuple[Cuboid, Sums]]:
        """Sums of leaf values, shape (leaves, channels), over the cells of each cuboid.

        Yields a cuboid and an array of shape (cells, channels), the deepest cuboids first.
        """
        whole = self.whole
        made = {whole: values}
        for place, (cuboid, parent) in enumerate(self._plan.items()):
            if cuboid != whole:
                made[cuboid] = self._summed(made[parent], parent, cuboid)
            yield cuboid, made[cuboid]
            if cuboid != whole or place == len(self._plan) - 1:
                self._forget(made, len(cuboid))

    def _forget(self, made: dict[Cuboid, Sums], depth: int) -> None:
        """Let go of sums that no further cuboid is made from."""
        for cuboid in [one for one in made if depth + 1 < len(one) < len(self.sizes)]:
            del made[cuboid]

    def _summed(self, above: Any, parent: Cuboid, cuboid: Cuboid) -> Any:
        if self.keys is not None:
            _, order, starts = self._groups[cuboid]
            return np.asarray(np.add.reduceat(above[order], starts, axis=0))
        for place in reversed([one for one in parent if one not in cuboid]):
            at = parent.index(place)
            inner = self.cells_of(parent[at + 1 :])
            shape = (-1, self.sizes[place], inner * above.shape[1])
            above = np.add.reduce(above.reshape(shape), axis=1).reshape(-1, above.shape[1])
            parent = parent[:at] + parent[at + 1 :]
        return above

    def total(self, cells: Floats, parent: Cuboid, cuboid: Cuboid) -> Floats:
        """Sums of one value a cell of a cuboid over the cells of a coarser one."""
        keys = self.keys_of(parent)
        if keys is None:
            return np.asarray(self._summed(cells[:, None], parent, cuboid)[:, 0])
        known = self.keys_of(cuboid)
        assert known is not None
        place = np.searchsorted(known, self.coarser(keys, parent, cuboid))
        return np.asarray(np.bincount(place, weights=cells, minlength=len(known)), dtype=float)

    def codes(self, cuboid: Cuboid, key: int) -> tuple[int, ...]:
        """The codes of a cell."""
        found: list[int] = []
        for place in reversed(cuboid):
            key, code = divmod(key, self.sizes[place])
            found.append(code)
        return tuple(reversed(found))

    def leaves_of(self, cuboid: Sequence[int], codes: Sequence[int]) -> Ints:
        """Places of the leaves of a cell, ascending."""
        fixed = dict(zip(cuboid, codes, strict=True))
        if self.keys is None:
            picks = [
                np.array([fixed[place]]) if place in fixed else np.arange(size)
                for place, size in enumerate(self.sizes)
            ]
            found = np.zeros(1, dtype=np.int64)
            for size, pick in zip(self.sizes, picks, strict=True):
                found = (found[:, None] * size + pick[None, :]).reshape(-1)
            return found
        inside = np.ones(len(self.keys), dtype=np.bool_)
        for place, code in fixed.items():
            inside &= self.codes_at(self.keys, place) == code
        return np.flatnonzero(inside)

    def inside(self, cuboid: Cuboid, leaves: Ints, depth: int) -> Lattice:
        """The lattice of the leaves of one cell over the attributes that it leaves open."""
        whole = self.whole
        free = tuple(place for place in whole if place not in cuboid)
        sizes = tuple(self.sizes[place] for place in free)
        if self.keys is None:
            return Lattice(sizes, None, depth)
        return Lattice(sizes, self.coarser(self.keys[leaves], whole, free), depth)

    def codes_at(self, keys: Ints, place: int) -> Ints:
        """The code of one attribute in leaf keys."""
        return np.asarray(keys // self.cells_of(range_after(self.sizes, place))) % self.sizes[place]


def range_after(sizes: Sequence[int], place: int) -> Cuboid:
    """The attributes behind a place."""
    return tuple(range(place + 1, len(sizes)))
