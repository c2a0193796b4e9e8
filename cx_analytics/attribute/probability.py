"""From evidence to probability: a monotone map measured on planted worlds, shipped as data.

Belongs here: the map, which `cx bench probability` learns anew. Stays out: how evidence arises.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import numpy as np

from cx_analytics.attribute.counts import Floats

LEARNED = Path(__file__).with_name("probability.json")
"""Points (evidence, probability) of `shared` and `individual` causes, and how they were learned."""


def probability(evidence: Floats, *, individual: bool = False) -> Floats:
    """The probability that causes with this evidence are real; between the points it is linear.

    >>> low, high = probability(np.array([-1.0, 1000.0]))
    >>> bool(0.0 < low < 0.8 < 0.95 < high < 1.0)
    True
    """
    points = np.array(_points()["individual" if individual else "shared"])
    return np.asarray(np.interp(evidence, points[:, 0], points[:, 1]))


@cache
def _points() -> dict[str, list[list[float]]]:
    found: dict[str, list[list[float]]] = json.loads(LEARNED.read_text(encoding="utf-8"))
    return found
