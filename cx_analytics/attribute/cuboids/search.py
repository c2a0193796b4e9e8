"""Which elements carry the deviation: the largest gain first, its leaves explained, and again.

Belongs here: when a cell is taken. Stays out: what a leaf says (evidence.py), which cell is
next (boards.py), and whether a cell's own story is the cheapest (story.py).
"""

from __future__ import annotations

from collections.abc import Callable

from cx_analytics.attribute.cuboids.boards import Board, board_of
from cx_analytics.attribute.cuboids.cell import Cell, Found
from cx_analytics.attribute.cuboids.evidence import SILENT, Evidence, Prices
from cx_analytics.attribute.cuboids.lattice import Cuboid, Lattice
from cx_analytics.attribute.cuboids.leaves import Ints
from cx_analytics.attribute.cuboids.story import DEPTH, Story, story

MOST_REFUSED = 200
"""Cells refused one after the other before the search gives up."""


Carries = Callable[[Ints, bool], bool]
"""Whether leaves, all together, lie below (True) or above their forecast."""


def search(lattice: Lattice, evidence: Evidence, prices: Prices, carries: Carries) -> list[Found]:
    """Elements in the order in which they were taken.

    An element must go its own way as a whole, too: many small leaves that are off do not make
    one when a large leaf outweighs them.
    """
    board = board_of(lattice, evidence, prices)
    found: list[Found] = []
    refused = 0
    while refused < MOST_REFUSED and (cell := board.top()) is not None:
        taken = _taken(lattice, board, prices, cell)
        if taken is None or not carries(taken.leaves, taken.below):
            board.refuse(cell)
            refused += 1
        else:
            found.append(taken)
            board.explain(taken)
            prices.named.add(cell.cuboid)
            refused = 0
    return found


def _taken(lattice: Lattice, board: Board, prices: Prices, cell: Cell) -> Found | None:
    """The element over a cell, or None when another story of it is cheaper."""
    evidence = board.evidence
    leaves = lattice.leaves_of(cell.cuboid, cell.codes)
    told = _told(lattice, evidence, prices, cell, leaves)
    gain = told.gain - prices.of(cell.cuboid)
    if not told.holds or gain <= 0:
        return None
    below = told.channel < evidence.above
    return Found(cell, leaves[evidence.row[leaves] != SILENT], below, gain)


def _told(lattice: Lattice, evidence: Evidence, prices: Prices, cell: Cell, leaves: Ints) -> Story:
    free = tuple(place for place in lattice.whole if place not in cell.cuboid)

    def price_inside(cuboid: Cuboid) -> float:
        return prices.sibling(tuple(sorted((*cell.cuboid, *(free[place] for place in cuboid)))))

    inside = lattice.inside(cell.cuboid, leaves, DEPTH)
    return story(evidence, leaves, inside, prices.sibling(cell.cuboid), price_inside)
