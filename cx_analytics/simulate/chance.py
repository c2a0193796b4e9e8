"""Seeded chance and the few distributions that every part of a planted world draws from.

Belongs here: generators that are named after what they draw, and draws without a meaning of
their own. Stays out: anything that knows what a cell, a unit or a customer is.
"""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Texts = NDArray[Any]

NEVER = np.inf
"""The hour of something that does not happen."""


def generator(seed: int, purpose: str, number: int = 0) -> np.random.Generator:
    """A generator of its own for each purpose (and day), so that parts do not disturb another.

    >>> generator(1, "cells").random() == generator(1, "cells").random()
    True
    >>> generator(1, "cells").random() == generator(1, "units").random()
    False
    """
    return np.random.default_rng([seed, zlib.crc32(purpose.encode()), number])


def zipf_weights(count: int, exponent: float, offset: float = 2.0) -> Floats:
    """Popularity of `count` ranked things, adding up to 1.

    >>> zipf_weights(2, 1.0, offset=0.0).round(3).tolist()
    [0.667, 0.333]
    """
    weights = 1.0 / (np.arange(count) + 1.0 + offset) ** exponent
    return np.asarray(weights / weights.sum())


def draw(rng: np.random.Generator, weights: Floats, size: int) -> Ints:
    """Indices drawn with these weights (any positive scale)."""
    total = np.cumsum(weights)
    found = np.searchsorted(total, rng.random(size) * total[-1], side="right")
    return np.asarray(np.minimum(found, len(weights) - 1), dtype=np.int64)


def draw_by_row(rng: np.random.Generator, weights: Floats, rows: Ints) -> Ints:
    """One column index for each entry of `rows`, with that row's weights."""
    total = np.cumsum(weights, axis=1)
    total /= total[:, -1:]
    point = rng.random(len(rows))
    flat = np.searchsorted((total + np.arange(len(weights))[:, None]).ravel(), rows + point)
    column = np.clip(flat - rows * weights.shape[1], 0, weights.shape[1] - 1)
    return np.asarray(column, dtype=np.int64)


def noise(rng: np.random.Generator, sigma: float, count: int) -> Floats:
    """Log-normal factors with mean 1: differences that are no cause."""
    return np.asarray(np.exp(rng.normal(-sigma * sigma / 2, sigma, count)))
