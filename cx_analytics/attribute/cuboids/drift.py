"""Forecasts that are too high or too low everywhere: a drift is no root cause.

Belongs here: the factor that would put the bulk of leaves on their forecast, and how densities
compare under another factor. Stays out: whether to believe it (localize.py).
"""

from __future__ import annotations

import math

import numpy as np

from cx_analytics.attribute.cuboids.leaves import Floats

SHORTER = 10.0
"""Nats by which the description must get shorter before the forecast is re-centred."""

MOST_LEAVES = 1_000_000
"""Leaves that are looked at, evenly spaced, when there are more."""

ROUNDS = 3


def drift_factor(real: Floats, predict: Floats) -> float | None:
    """The factor by which the forecast misses the bulk of leaves, or None for no drift.

    The centre of ln(real / predict) is the middle of the shortest interval with half of the
    leaves (the shorth: Andrews et al. 1972, "Robust Estimates of Location"), then the mean of
    what lies near. It is a drift when it would make Gaussian errors likelier by `SHORTER` nats.
    """
    step = max(1, len(real) // MOST_LEAVES)
    real, predict = real[::step], predict[::step]
    both = (real > 0) & (predict > 0)
    ratio = np.sort(np.log(real[both] / predict[both]).astype(np.float64))
    half = len(ratio) // 2
    if half < 2:
        return None
    widths = ratio[half:] - ratio[: len(ratio) - half]
    first = int(widths.argmin())
    centre = 0.5 * (ratio[first] + ratio[first + half])
    spread = max(float(widths[first]) / (2 * 0.6745), 1e-6)
    for _ in range(ROUNDS):
        a, b = np.searchsorted(ratio, [centre - 2 * spread, centre + 2 * spread])
        centre = float(ratio[a:b].mean()) if b > a else centre
    gained = len(ratio) * (centre / spread) ** 2 / 2
    return math.exp(centre) if gained > SHORTER else None


def density_nats(real: Floats, predict: Floats, factor: float) -> float:
    """Sum of ln |dr / d real| over leaves with amounts, in nats.

    Densities of r under different factors compare only as densities of the actual amount:
    |dr / d real| is 1 / predict below the forecast and predict / real^2 above it.
    """
    both = (real > 0) & (predict > 0)
    real, predict = real[both].astype(np.float64), predict[both].astype(np.float64) * factor
    below = real < predict
    return float(-np.log(predict[below]).sum() + np.log(predict[~below] / real[~below] ** 2).sum())
