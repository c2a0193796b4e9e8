"""The Weibull distribution of lives that were watched from some age on and until some age.

Belongs here: likelihood, estimates, intervals. Stays out: whose lives they are (life.py).

A life that entered at age e and left at age t adds to the log-likelihood ln h(t) if it failed, and
always H(e) − H(t), with hazard h and cumulative hazard H(t) = (t/λ)^k: right-censored and
left-truncated (Meeker & Escobar, Statistical Methods for Reliability Data, 1998, sections 8.2 and
11.6). scipy's `weibull_min.fit` knows censoring but not truncation, and without truncation a
unit that served for months before it was first watched would count as proof of months without
a fault; hence the likelihood by hand, and scipy for its maximum and its quantiles.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

SHAPES = (0.1, 10.0)
"""Where the shape is looked for: beyond, a Weibull is a jump at birth or at one age."""

_LEVEL = 0.9
_B10 = math.log(-math.log1p(-0.1))
"""ln H at the age by which 10 % have failed."""

_FARTHEST = math.log(100)
"""How far from an age, on the log scale, the ends of its interval are looked for."""

_STEEPEST = 600.0
"""Bound of an exponent that keeps the arithmetic finite; far beyond any life."""

_AT_BOUND = 0.01
"""How near to an end of SHAPES, on the log scale, a shape counts as none."""


@dataclass(frozen=True)
class Lives:
    """Ages at which units entered watching and left it, in one unit of time, and who failed."""

    entered: Array
    left: Array
    failed: npt.NDArray[np.bool_]

    @property
    def failures(self) -> int:
        return int(self.failed.sum())


@dataclass(frozen=True)
class Estimate:
    """A positive quantity with the ends of its 90 % interval; None where the data set no bound."""

    value: float | None
    low: float | None
    high: float | None


_NOTHING = Estimate(None, None, None)


@dataclass(frozen=True)
class Weibull:
    """A fitted Weibull distribution; `exponential_p` is the p-value of a constant hazard."""

    shape: Estimate
    scale: Estimate
    b10: Estimate
    exponential_p: float


def fit(lives: Lives) -> Weibull:
    """Maximum likelihood; needs a failure and some time watched.

    All intervals are those of the profile likelihood, which holds its level with few failures
    (Meeker & Escobar, sections 8.3.2 and 8.3.3). Lives that were all watched at much the same
    age may not tell a shape at all: then the likelihood rises to the end of SHAPES, and nothing
    is told but the bound on the other side.
    """
    from scipy.optimize import minimize_scalar
    from scipy.stats import chi2

    profile = _profile(lives)
    bounds = (math.log(SHAPES[0]), math.log(SHAPES[1]))
    found = minimize_scalar(lambda a: -profile(a), bounds=bounds, method="bounded")
    best = float(found.x)
    ratio = max(0.0, 2 * (profile(best) - profile(0.0)))
    shape = math.exp(best)
    scale = _scale(lives, shape)
    tells = min(abs(best - bound) for bound in bounds) > _AT_BOUND
    told = _profiled(profile, best, bounds)
    return Weibull(
        shape=told if tells else replace(told, value=None),
        scale=_quantile(lives, 0.0, shape, scale) if tells else _NOTHING,
        b10=_quantile(lives, _B10, shape, scale) if tells else _NOTHING,
        exponential_p=float(chi2.sf(ratio, 1)),
    )


def _watched(lives: Lives, shape: float) -> tuple[float, float]:
    """Largest age m, and Σ (t/m)^k − (e/m)^k: cumulative hazard but for a factor."""
    most = float(lives.left.max())
    return most, float(((lives.left / most) ** shape - (lives.entered / most) ** shape).sum())


def _scale(lives: Lives, shape: float) -> float:
    """The scale that is likeliest for a shape."""
    most, watched = _watched(lives, shape)
    return most * math.pow(watched / lives.failures, 1 / shape)


def _profile(lives: Lives) -> Callable[[float], float]:
    """The log-likelihood of a log shape, at the scale that is likeliest for it."""
    number = lives.failures
    log_ages = float(np.log(lives.left[lives.failed]).sum())

    def profile(log_shape: float) -> float:
        shape = math.exp(log_shape)
        most, watched = _watched(lives, shape)
        hazard = number * (log_shape - shape * math.log(most) - math.log(watched / number))
        return hazard + (shape - 1) * log_ages - number

    return profile


def _profiled(
    profile: Callable[[float], float], best: float, bounds: tuple[float, float]
) -> Estimate:
    """The shapes whose likelihood ratio to the best does not exceed the level's quantile."""
    from scipy.optimize import brentq
    from scipy.stats import chi2

    drop = float(chi2.ppf(_LEVEL, 1)) / 2

    def above(log_shape: float) -> float:
        return profile(log_shape) - profile(best) + drop

    low, high = (
        math.exp(brentq(above, *sorted((best, bound)))) if above(bound) < 0 else None
        for bound in bounds
    )
    return Estimate(math.exp(best), low, high)


def _quantile(lives: Lives, log_hazard: float, shape: float, scale: float) -> Estimate:
    """The age at which the log cumulative hazard has some value (0: the scale), profiled.

    Nothing is told of an age that the data do not tell from one 100 times as large and as small.
    """
    from scipy.optimize import minimize_scalar

    number = lives.failures
    log_ages = float(np.log(lives.left[lives.failed]).sum())
    limits = (math.log(SHAPES[0]), math.log(SHAPES[1]))

    left, entered = np.log(lives.left), np.log(lives.entered[lives.entered > 0])

    def likelihood(log_shape: float, log_age: float) -> float:
        k = math.exp(log_shape)
        log_scale = log_age - log_hazard / k
        watched, before = (
            np.exp(np.minimum(k * (ages - log_scale), _STEEPEST)).sum() for ages in (left, entered)
        )
        hazard = number * (log_shape - k * log_scale) + (k - 1) * log_ages
        return float(hazard - watched + before)

    def profile(log_age: float) -> float:
        best = minimize_scalar(lambda a: -likelihood(a, log_age), bounds=limits, method="bounded")
        return max(-float(best.fun), likelihood(math.log(shape), log_age))

    found = math.log(scale) + log_hazard / shape
    told = _profiled(profile, found, (found - _FARTHEST, found + _FARTHEST))
    return told if (told.low, told.high) != (None, None) else Estimate(None, None, None)
