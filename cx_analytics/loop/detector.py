"""The e-detector: evidence, day by day, that a rate has risen above what it is without a cause.

Belongs here: numbers. Stays out: whose sessions they are (watch.py).

A Shiryaev–Roberts e-detector (Shin, Ramdas and Rinaldo, E-detectors, arXiv:2203.03532, section
2): R = (1 + R)·L over days, with L the likelihood ratio of the day's faults at a multiple of the
calm rate; the mean of R over some multiples. While nothing has come back, R minus the number of
days is a supermartingale, so that R passes 365/α within a year with probability at most α.

Two things are not known when a watch begins, and are learned from its own days, those of the
last LAG left out, so that a return does not teach that it is normal:

- the calm rate. Its estimate is none of a calm world: it may be up to MARGIN too low. The watch
  begins with that, and comes down to what it meets, never below the estimate.
- the dispersion of daily counts beyond Poisson: faults cluster in customers and hours. L is the
  ratio of two negative binomial laws of the same size, which stays an e-value for counts that
  disperse less.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

FALSE_ALARMS_A_YEAR = 0.01
ALARM = 365 / FALSE_ALARMS_A_YEAR
"""Evidence at which a cause is called recurred."""

RATIOS = (1.8, 2.5)
"""How many times the rate without the cause a return may bring; their evidence is averaged."""

MARGIN, MARGIN_FAULTS = 1.25, 6.0
"""How far the calm rate may lie above its estimate, believed like so many expected faults."""

SPREAD, SPREAD_DAYS = 4.0, 7.0
"""Dispersion to begin with, believed like so many days."""

LAG = 28
"""So many last days teach nothing yet."""

_HIGHEST, _STEEPEST = 1e300, 600.0
"""Bounds that keep the arithmetic finite; far above any alarm."""

_POISSON = 1e-9
"""Dispersion beyond 1 that stands for none."""

Array = NDArray[np.float64]


def evidence(expected: ArrayLike, faults: ArrayLike) -> Array:
    """Evidence after each day; days run along the last axis.

    Parameters
    ----------
    expected : faults a day without the cause, by its estimated rate, 0 or more.
    faults : faults met.

    >>> quiet, back = evidence([[5.0] * 3] * 2, [[5, 4, 6], [5, 60, 70]])[:, -1]
    >>> bool(quiet < ALARM < back)
    True
    """
    means, counts = np.asarray(expected, np.float64), np.asarray(faults, np.float64)
    means, counts = np.broadcast_arrays(means, counts)
    calm = means * calm_factors(means, counts)
    beyond = spreads(calm, counts) - 1
    each = [_running(_log_ratio(ratio, calm, counts, beyond)) for ratio in RATIOS]
    return np.asarray(np.mean(each, axis=0), np.float64)


def calm_factors(expected: Array, faults: Array) -> Array:
    """Calm rate over its estimate, as known on the morning of each day: 1 to MARGIN."""
    met = MARGIN * MARGIN_FAULTS + _before(faults)
    return np.clip(met / (MARGIN_FAULTS + _before(expected)), 1.0, MARGIN)


def spreads(calm: Array, faults: Array) -> Array:
    """Variance over mean of the daily counts, as known on the morning of each day."""
    squares = np.where(calm > 0, (faults - calm) ** 2 / np.where(calm > 0, calm, 1.0), 0.0)
    known = SPREAD * SPREAD_DAYS + _before(squares)
    return np.maximum(
        known / (SPREAD_DAYS + _before((calm > 0).astype(np.float64))), 1.0 + _POISSON
    )


def _before(values: Array) -> Array:
    """Sums up to the day that lies LAG before each."""
    sums = np.zeros_like(values)
    sums[..., LAG:] = np.cumsum(values, axis=-1)[..., :-LAG]
    return sums


def _log_ratio(ratio: float, calm: Array, faults: Array, beyond: Array) -> Array:
    """Log likelihood ratio of a day: negative binomial at `ratio` times the calm mean over it."""
    shrunk = np.log1p(beyond) - np.log1p(ratio * beyond)
    steep: Array = faults * (np.log(ratio) + shrunk) + calm / beyond * shrunk
    return np.minimum(steep, _STEEPEST)


def _running(log_ratios: Array) -> Array:
    found, last = np.empty_like(log_ratios), np.zeros(log_ratios.shape[:-1])
    for day in range(log_ratios.shape[-1]):
        last = np.minimum((1 + last) * np.exp(log_ratios[..., day]), _HIGHEST)
        found[..., day] = last
    return found
