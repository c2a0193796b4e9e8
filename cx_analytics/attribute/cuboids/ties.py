"""Cells that cover exactly the same leaves: the data cannot tell them apart.

Belongs here: finding them, the shallowest first. Stays out: choosing among different leaves.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations

import numpy as np

from cx_analytics.attribute.cuboids.cell import Cell
from cx_analytics.attribute.cuboids.lattice import Lattice
from cx_analytics.attribute.cuboids.leaves import Leaves

Pairs = tuple[tuple[int, int], ...]
"""(attribute, code) pairs, attributes ascending."""

DEEPER = 2
"""Equivalents may have so many conditions more than the element that was found."""

MOST_TRIED = 5000
"""Combinations of conditions that are tried for one element."""


def same_leaves(leaves: Leaves, lattice: Lattice, element: Cell) -> list[Pairs]:
    """Every shortest way to say what an element covers, fewest conditions first.

    A way is left out when it only adds conditions to another one. Among ways of the same length
    the order is that of the attributes' names.
    """
    own = tuple(zip(element.cuboid, element.codes, strict=True))
    shared = _shared(leaves, lattice, own)
    if len(shared) == len(own):
        return [own]
    target = _covered(leaves, lattice, own)
    ways: list[Pairs] = []
    for tried, cell in enumerate(
        cell for depth in range(1, len(own) + 1 + DEEPER) for cell in combinations(shared, depth)
    ):
        if tried >= MOST_TRIED:
            break
        redundant = any(set(way) <= set(cell) for way in ways)
        if not redundant and _covered(leaves, lattice, cell) == target:
            ways.append(cell)
    if not any(set(way) <= set(own) for way in ways):
        ways.append(own)
    names = [one.name for one in leaves.attributes]
    return sorted(ways, key=lambda way: (len(way), [names[place] for place, _ in way]))


def conditions_of(leaves: Leaves, cell: Pairs) -> Mapping[str, str]:
    """The conditions of a cell, attributes in alphabetical order."""
    pairs = [(leaves.attributes[at].name, leaves.attributes[at].values[code]) for at, code in cell]
    return dict(sorted(pairs))


def _shared(leaves: Leaves, lattice: Lattice, cell: Pairs) -> Pairs:
    """The values that all leaves of a cell have in common, missing ones left out."""
    places = lattice.leaves_of([at for at, _ in cell], [code for _, code in cell])
    places = places[leaves.rows[places] > 0]
    keys = places if leaves.keys is None else leaves.keys[places]
    found = []
    for at, attribute in enumerate(leaves.attributes):
        codes = lattice.codes_at(keys, at)
        if int(codes.min()) == int(codes.max()) < len(attribute.values):
            found.append((at, int(codes[0])))
    return tuple(found)


def _covered(leaves: Leaves, lattice: Lattice, cell: Pairs) -> int:
    """Leaves of a cell that are present."""
    places = lattice.leaves_of([at for at, _ in cell], [code for _, code in cell])
    return int(np.count_nonzero(leaves.rows[places]))
