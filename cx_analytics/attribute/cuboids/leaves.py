"""Leaves: a table of attributes and amounts as codes, each combination of values once.

Belongs here: coding values and adding up rows that repeat a combination. Stays out: checking
what a user gave (table.py) and what the amounts mean (relative.py, binomial.py).

Two layouts. *Dense*: a place for every combination of values, present or not; the key of a
combination is its place. *Sparse*: only combinations that are present, by ascending key. The key
is the mixed-radix number of the codes, the first attribute most significant.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cx_analytics.contracts.errors import InputRefused

Ints = NDArray[np.integer[Any]]
Floats = NDArray[np.floating[Any]]
"""Numbers of any width: millions of leaves are kept as narrow as they came."""

Bools = NDArray[np.bool_]

DENSE_FACTOR, DENSE_FLOOR = 4, 20_000
"""Dense while the combinations are at most `DENSE_FACTOR` times the rows, or `DENSE_FLOOR`."""

LARGEST_KEY = 2**62


@dataclass(frozen=True)
class Attribute:
    """An attribute of the table: its sorted values, and whether some rows lack one.

    The code of a value is its place in `values`; that of a missing value is `len(values)`.
    """

    name: str
    values: Sequence[str]
    missing: bool = False

    @property
    def size(self) -> int:
        """How many codes there are."""
        return len(self.values) + self.missing


@dataclass(frozen=True)
class Leaves:
    """Combinations of values with their amounts.

    Attributes
    ----------
    attributes : those with more than one code; a constant one tells nothing.
    keys : ascending keys of the combinations; None when the layout is dense.
    amounts : by name, an amount a combination (0 where it is not present).
    rows : rows of the table a combination, 0 = not present.
    """

    attributes: tuple[Attribute, ...]
    keys: Ints | None
    amounts: Mapping[str, Floats]
    rows: NDArray[np.int32]

    @classmethod
    def of(
        cls, attributes: Sequence[Attribute], codes: Sequence[Ints], amounts: Mapping[str, Floats]
    ) -> Leaves:
        """Add up rows with the same codes."""
        varied = [place for place, one in enumerate(attributes) if one.size > 1]
        kept = tuple(attributes[place] for place in varied)
        combinations = math.prod(one.size for one in kept)
        if combinations > LARGEST_KEY:
            raise InputRefused(
                f"{len(kept)} attributes have more combinations of values than fit 62 bits",
                todo="leave out attributes with many values",
            )
        count = len(next(iter(amounts.values())))
        key = _keys([one.size for one in kept], [codes[place] for place in varied], count)
        if combinations <= max(DENSE_FACTOR * count, DENSE_FLOOR):
            rows = np.bincount(key, minlength=combinations).astype(np.int32)
            summed = {name: _placed(key, value, rows) for name, value in amounts.items()}
            return cls(kept, None, summed, rows)
        order = np.argsort(key, kind="stable")
        ordered = key[order]
        starts = np.flatnonzero(np.diff(ordered, prepend=-1))
        summed = {name: np.add.reduceat(value[order], starts) for name, value in amounts.items()}
        rows = np.diff(np.append(starts, count)).astype(np.int32)
        return cls(kept, ordered[starts], summed, rows)

    @cached_property
    def sizes(self) -> tuple[int, ...]:
        """Ints of each attribute."""
        return tuple(one.size for one in self.attributes)


def _keys(sizes: Sequence[int], codes: Sequence[Ints], count: int) -> Ints:
    """The mixed-radix key of each row; narrow integers while they suffice, to save memory."""
    narrow = math.prod(sizes) < 2**31
    key: NDArray[Any] = np.zeros(count, dtype=np.int32 if narrow else np.int64)
    for size, column in zip(sizes, codes, strict=True):
        np.multiply(key, size, out=key)
        np.add(key, column, out=key, casting="unsafe")
    return key


def _placed(key: Ints, value: Floats, rows: NDArray[np.int32]) -> Floats:
    """The sum of the values at each key."""
    if int(rows.max(initial=0)) > 1:
        return np.asarray(np.bincount(key, weights=value, minlength=len(rows)), dtype=value.dtype)
    placed = np.zeros(len(rows), dtype=value.dtype)
    placed[key] = value
    return placed
