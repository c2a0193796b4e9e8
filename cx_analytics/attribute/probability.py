"""From evidence to probability: a monotone map measured on planted worlds, shipped as data.

Belongs here: the map. Stays out: how evidence arises.
"""

from __future__ import annotations

import numpy as np

from cx_analytics.attribute.counts import Floats

SHARED_MAP: tuple[tuple[float, float], ...] = (
    (0.0, 0.55),
    (2.0, 0.72),
    (5.0, 0.86),
    (10.0, 0.94),
    (20.0, 0.975),
    (40.0, 0.99),
    (80.0, 0.995),
)
INDIVIDUAL_MAP: tuple[tuple[float, float], ...] = (
    (0.0, 0.75),
    (2.0, 0.90),
    (5.0, 0.97),
    (10.0, 0.99),
    (40.0, 0.995),
)
"""(J, probability that a cause reported with this J is real), linear between the points."""


def probability(evidence: Floats, *, individual: bool = False) -> Floats:
    """The probability that causes with this evidence are real.

    >>> [round(float(p), 3) for p in probability(np.array([-1.0, 10.0, 1000.0]))]
    [0.55, 0.94, 0.995]
    """
    points = np.array(INDIVIDUAL_MAP if individual else SHARED_MAP)
    return np.asarray(np.interp(evidence, points[:, 0], points[:, 1]))
