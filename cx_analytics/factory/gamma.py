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

WEEK = 7
"""Days within which faults may go together."""

HALF = 0.5
"""Faults assumed when none was seen (Jeffreys' prior for a Poisson rate)."""


@dataclass(frozen=True)
class Prediction:
    """An expected count with the equal-tailed intervals that hold it with 0.9, 0.8 and 0.95."""

    mean: float = 0.0
    low: float = 0.0
    high: float = 0.0
    low_80: float = 0.0
    high_80: float = 0.0
    low_95: float = 0.0
    high_95: float = 0.0


_TAILS = {
    "low": 0.05,
    "high": 0.95,
    "low_80": 0.1,
    "high_80": 0.9,
    "low_95": 0.025,
    "high_95": 0.975,
}


def dispersion(faults: Array, exposure: Array) -> float:
    """How much more the faults of a run of days vary than Poisson counts would; at least 1.

    The larger of two: Pearson's dispersion of single days (McCullagh & Nelder, Generalized Linear
    Models, 2nd edition, 1989, section 4.5.2), and the long-run variance over the mean with faults
    of a week taken to go together (Newey & West, Econometrica 55, 1987, p. 704: Bartlett's
    weights), corrected for the mean being estimated from the same days. Units that differ from
    each other for good do not count: the same ones are there in future.

    >>> dispersion(np.array([1.0, 1.0, 2.0, 1.0]), np.ones(4))
    1.0
    """
    total, days = float(faults.sum()), faults.size
    if total <= 0 or days < 2:
        return 1.0
    expected = exposure * (total / float(exposure.sum()))
    misfit = faults - expected
    single = float((misfit**2 / expected).sum()) / (days - 1)
    if days <= 2 * WEEK:
        return max(1.0, single)
    lags = range(1, WEEK)
    near = sum((1 - lag / WEEK) * float(misfit[lag:] @ misfit[:-lag]) for lag in lags)
    together = (float(misfit @ misfit) + 2 * near) / total / (1 - WEEK / days)
    return max(1.0, single, together)


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


def relative_error(count: float, spread: float, uncertainty: float) -> float:
    """Relative standard deviation of a rate of which `count` faults were seen.

    The larger of √(spread/count) and `uncertainty`, that of the count itself: how sure its
    attribution is.
    """
    return max(math.sqrt(spread / max(count, HALF)), uncertainty)


def bands(
    mean: float, relative: float, *, spread: float = 1.0, most: float = math.inf
) -> Prediction:
    """A future count of expectation `mean`, whose rate is known to a relative error.

    The rate is gamma, the count over-dispersed Poisson with `spread`, so that count/spread is
    negative binomial (Gelman et al., Bayesian Data Analysis, 3rd edition, 2013, section 2.6).
    No end exceeds `most`.

    >>> bands(10, 0.001).high_95
    17.0
    """
    if mean <= 0:
        return Prediction()
    from scipy.stats import nbinom

    shape = 1 / relative**2
    ends = spread * nbinom.ppf(list(_TAILS.values()), shape, shape / (shape + mean / spread))
    held = dict(zip(_TAILS, (min(float(end), most) for end in ends), strict=True))
    return Prediction(min(mean, most), **held)


def predict(
    *, count: float, exposure: float, spread: float, uncertainty: float, horizon: float
) -> Prediction:
    """A future count over `horizon` exposure, given `count` over `exposure` at the same rate.

    >>> predict(count=100, exposure=1000, spread=1, uncertainty=0, horizon=1000).mean
    100.0
    >>> predict(count=5, exposure=0, spread=1, uncertainty=0, horizon=10).high
    0.0
    """
    if exposure <= 0 or horizon <= 0:
        return Prediction()
    mean = max(count, HALF) * horizon / exposure
    return bands(mean, relative_error(count, spread, uncertainty), spread=spread)
