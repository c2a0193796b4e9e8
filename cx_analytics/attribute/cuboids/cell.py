"""A cell of the lattice, and how two of them lie to each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from cx_analytics.attribute.cuboids.lattice import Cuboid
from cx_analytics.attribute.cuboids.leaves import Ints

Relation = Literal["within", "apart", "overlaps"]


@dataclass(frozen=True, order=True)
class Cell:
    """A combination of values (codes) of the attributes of a cuboid."""

    cuboid: Cuboid
    codes: tuple[int, ...]

    def relation(self, other: Cell) -> Relation:
        """How this cell lies to another: within it, apart from it, or overlapping it."""
        mine = dict(zip(self.cuboid, self.codes, strict=True))
        pairs = list(zip(other.cuboid, other.codes, strict=True))
        if any(mine.get(place, code) != code for place, code in pairs):
            return "apart"
        return "within" if all(place in mine for place, _ in pairs) else "overlaps"


@dataclass(frozen=True)
class Found:
    """An element: a cell with the leaves that no earlier element covers.

    `gain` in nats, net of its whole price; `below` when what is real lies below the forecast.
    """

    cell: Cell
    leaves: Ints
    below: bool
    gain: float
