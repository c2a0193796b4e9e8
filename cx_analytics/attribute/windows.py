"""Windows of days, and blocks of days that tile them: what a window can gain at most.

Belongs here: the layout of windows and blocks of one number of days. Stays out: gains and
prices (scoring.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cx_analytics.attribute.counts import Floats, Ints

if TYPE_CHECKING:
    from scipy.sparse import csr_array


@dataclass(frozen=True)
class Windows:
    """All windows first <= day < last, and blocks of 1, 2, 4, ... days that start at multiples.

    A gain is convex in the sums of a window and grows in proportion to them, so a window's gain
    is at most the sum of the gains of blocks that tile it. D days have D (D + 1) / 2 windows
    but fewer than 2 D blocks.

    Attributes
    ----------
    first, last : per window.
    block_first, block_last : per block.
    tiling : sparse, shape (windows, blocks), 1 where a block is one of those that tile the window.
        One in twenty is; and dense products would be spread over cores, which wait for each other.
    """

    first: Ints
    last: Ints
    block_first: Ints
    block_last: Ints
    tiling: csr_array

    @classmethod
    def of(cls, days: int) -> Windows:
        from scipy.sparse import csr_array

        first, last = np.triu_indices(days)
        last = last + 1
        blocks = [
            (begin, begin + size)
            for size in (1 << n for n in range(days.bit_length()))
            for begin in range(0, days - size + 1, size)
        ]
        place = {block: n for n, block in enumerate(blocks)}
        tiling: Floats = np.zeros((len(first), len(blocks)))
        for row, (a, b) in enumerate(zip(first.tolist(), last.tolist(), strict=True)):
            tiling[row, [place[block] for block in tiles(a, b)]] = 1.0
        begin, end = np.array(blocks, dtype=np.int64).reshape(-1, 2).T
        return cls(first, last, begin, end, csr_array(tiling))


def tiles(first: int, last: int) -> list[tuple[int, int]]:
    """The fewest blocks that tile first <= day < last.

    >>> tiles(1, 7)
    [(1, 2), (2, 4), (4, 6), (6, 7)]
    """
    found = []
    while first < last:
        size = first & -first or 1 << (last - first).bit_length()
        while first + size > last:
            size //= 2
        found.append((first, first + size))
        first += size
    return found
