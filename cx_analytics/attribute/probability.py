"""From evidence to probability: a monotone map measured on planted worlds, shipped as data.

Belongs here: the map. Stays out: how evidence arises.
"""

from __future__ import annotations

import numpy as np

from cx_analytics.attribute.counts import Floats

SHARED_MAP: tuple[tuple[float, float], ...] = (
    (0.0, 0.60),
    (3.0, 0.88),
    (6.0, 0.95),
    (30.0, 0.97),
    (80.0, 0.985),
    (300.0, 0.995),
)
INDIVIDUAL_MAP: tuple[tuple[float, float], ...] = (
    (0.0, 0.90),
    (1.0, 0.95),
    (2.0, 0.98),
    (5.0, 0.99),
    (40.0, 0.995),
)
"""(J, probability that a cause reported with this J is real), linear between the points.

Hits among the causes reported on 14 planted worlds (2 easy, 6 medium, 6 hard; 157 shared causes,
698 individual ones), pooled to be monotone, each bin with one hit and one miss added. Few causes
were reported below J = 3 (2 shared ones, 1 hit): that end is the least certain. The prices of
the search were set on the same worlds, so fresh ones may give somewhat less.
"""


def probability(evidence: Floats, *, individual: bool = False) -> Floats:
    """The probability that causes with this evidence are real.

    >>> [round(float(p), 3) for p in probability(np.array([-1.0, 10.0, 1000.0]))]
    [0.6, 0.953, 0.995]
    """
    points = np.array(INDIVIDUAL_MAP if individual else SHARED_MAP)
    return np.asarray(np.interp(evidence, points[:, 0], points[:, 1]))
