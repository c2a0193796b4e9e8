"""Gamma-Poisson arithmetic: priors by moments, over-dispersion, predictive intervals.

Belongs here: small functions of counts and exposures. Stays out: what is counted.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

STEADY = 100.0
"""Gamma shape of units that do not differ beyond chance: the strongest pull to the mean."""

VARIED = 0.05
"""The smallest shape: a few units carry nearly everything."""

HALF = 0.5
"""Faults assumed when none was seen (Jeffreys' prior for a Poisson rate)."""


@dataclass(frozen=True)
class Prediction:
    """An expected count with the interval that holds it with probability 0.9."""

    mean: float
    low: float
    high: float


def dispersion(counts: Array, exposure: Array) -> float:
    """Pearson's dispersion of counts about a common rate, at least 1.

    McCullagh and Nelder, Generalized Linear Models, 2nd edition (1989), section 6.2.4.
    """
    used = exposure > 0
    total = float(counts[used].sum())
    if total <= 0 or used.sum() < 2:
        return 1.0
    expected = exposure[used] * (total / exposure[used].sum())
    misfit = float(((counts[used] - expected) ** 2 / expected).sum())
    return max(1.0, misfit / (int(used.sum()) - 1))


def prior(counts: Array, exposure: Array) -> tuple[float, float]:
    """Shape and rate of the gamma that unit rates are drawn from, by moments.

    With mean rate m, the excess of (count − m·exposure)² over its Poisson expectation is
    m²/shape times exposure², summed over units. The shape is kept within [VARIED, STEADY].
    """
    mean = max(float(counts.sum()), HALF) / max(float(exposure.sum()), 1e-9)
    noise = float(((counts - mean * exposure) ** 2 - mean * exposure).sum())
    variance = noise / max(float((exposure**2).sum()), 1e-9)
    shape = mean**2 / variance if variance > 0 else STEADY
    shape = min(max(shape, VARIED), STEADY)
    return shape, shape / mean


def predict(
    *, count: float, exposure: float, spread: float, uncertainty: float, horizon: float
) -> Prediction:
    """A future count over `horizon` exposure, given `count` over `exposure`.

    The rate is gamma with mean count/exposure; its relative standard deviation is the larger
    of √(spread/count) and `uncertainty` (that of the count itself: how sure its attribution
    is). The future count is over-dispersed Poisson with the same `spread`, so that count/spread
    is negative binomial.

    >>> predict(count=100, exposure=1000, spread=1, uncertainty=0, horizon=1000).mean
    100.0
    >>> predict(count=5, exposure=0, spread=1, uncertainty=0, horizon=10)
    Prediction(mean=0.0, low=0.0, high=0.0)
    """
    if exposure <= 0 or horizon <= 0:
        return Prediction(0.0, 0.0, 0.0)
    from scipy.stats import nbinom

    seen = max(count, HALF)
    relative = max(math.sqrt(spread / seen), uncertainty)
    shape, rate = 1 / relative**2, 1 / relative**2 * exposure / seen
    success = rate / (rate + horizon / spread)
    low, high = (spread * float(nbinom.ppf(q, shape, success)) for q in (0.05, 0.95))
    return Prediction(seen * horizon / exposure, low, high)
