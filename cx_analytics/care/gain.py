"""How many faults a customer is spared in 30 days when a cause goes away, and how sure that is.

Belongs here: the rate of each customer on arrays. Stays out: how many sessions the customer will
have under the cause (coming.py), which fix takes the cause away (fixes.py).

A customer's rate of faults under a shared cause is Gamma distributed over the exposed customers,
with the cause's excess per exposed session as mean m and shape k. With F faults (by responsibility)
in n exposed sessions its posterior is Gamma(k + F, k/m + n): those with no fault yet are in the
prior, so that the customers who complain are not taken for typical. k is learned from the
customers of all shared causes (spread.py) who have faults of other kinds as well: these are listed
whatever the cause did to them. Individual causes have rates of their own around the mean of all
individual causes, with a shape learned the same way: each was found in these very faults, and the
loudest of many is louder than it will be (empirical Bayes; Robbins, 1956; Efron & Morris, 1975).

With probability 1 - p the cause is not real and nothing is avoided: mean and interval are those of
the mixture. The interval is of what one person will see, the number of faults that chance will deal
(Poisson at the rate: negative binomial). At most 5 % lie below it, and what is then left of 10 %
above: nothing can lie below none, so that 90 % lie at or below the upper end of most. It is widened
where needed to hold the 5 and 95 % quantiles of the expected number: of many who expect little
the number will be none.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cx_analytics.care.rates import FRAILTY_SHAPE
from cx_analytics.care.spread import mean_of_found, shape_of

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

_LEAST_RATE = 1e-9
_WEIGHT = 10.0
"""As how much of the sum of squared expected faults the prior of a shape counts."""


@dataclass(frozen=True)
class Gain:
    """Expected faults avoided in 30 days, with the ends of the 90 % interval of their number."""

    mean: Floats
    low: Floats
    high: Floats


@dataclass(frozen=True)
class Rates:
    """The gammas that rates are drawn from: shape of shared causes, shape and mean of individuals'.

    `own_mean` is in faults per exposed session.
    """

    shape: float = FRAILTY_SHAPE
    own_shape: float = FRAILTY_SHAPE
    own_mean: float = 0.0


def learned(
    *,
    faults: Floats,
    chance: Floats,
    exposed: Floats,
    cause_rate: Floats,
    is_shared: Flags,
    is_telling: Flags,
) -> Rates:
    """The gammas from one entry a customer and cause, faults or none.

    Parameters
    ----------
    faults, chance : faults by responsibility, and the squared responsibilities summed.
    exposed : sessions under the cause.
    cause_rate : excess faults per exposed session of the cause as a whole.
    is_shared : False where the cause is the individual's own.
    is_telling : whether the customer would be listed without the faults of this cause.
    """
    own, many = ~is_shared, is_shared & is_telling
    mean = mean_of_found(faults[own], exposed[own])

    def shape(rows: Flags, rate: Floats) -> float:
        expected = exposed[rows] * rate[rows]
        return shape_of(
            faults=faults[rows],
            expected=expected,
            chance=chance[rows],
            prior=FRAILTY_SHAPE,
            weight=_WEIGHT,
        )

    return Rates(shape(many, cause_rate), shape(own, np.full(len(faults), mean)), mean)


def gain_of(
    *,
    faults: Floats,
    exposed: Floats,
    coming: Floats,
    cause_rate: Floats,
    is_shared: Flags,
    probability: Floats,
    rates: Rates,
) -> Gain:
    """What 30 days without the cause are worth, one entry a customer and cause.

    Parameters
    ----------
    faults : the customer's faults under the cause, by responsibility.
    exposed : the customer's sessions under the cause.
    coming : sessions to expect under the cause in the next 30 days.
    cause_rate : excess faults per exposed session of the cause as a whole.
    is_shared : False where the cause is the individual's own.
    probability : that the cause is real.
    rates : what was learned of the customers of all causes.
    """
    sessions = np.maximum(exposed, np.maximum(faults, 1.0))
    prior = np.where(is_shared, rates.shape, rates.own_shape)
    mean = np.maximum(np.where(is_shared, cause_rate, rates.own_mean), _LEAST_RATE)
    shape = prior + faults
    scale = coming / (prior / mean + sessions)
    expected = np.asarray(probability * shape * scale)
    low, high = _ninety(shape, scale, probability)
    less, more = (_quantile(level, shape, probability) * scale for level in (0.05, 0.95))
    return Gain(expected, np.minimum(expected, np.minimum(low, less)), np.maximum(high, more))


def mixed_gamma(
    mean: Floats, variance: Floats, relative: Floats, probability: Floats
) -> tuple[Floats, Floats]:
    """The 90 % interval of a sum of gains by one cause, with `mean`.

    Parameters
    ----------
    mean : the sum of the means, the chance that the cause is not real included.
    variance : the sum of the customers' variances, each varying for himself.
    relative : relative standard error of the cause's size, which all of them share.
    probability : that the cause is real.
    """
    real = mean / np.maximum(probability, 1e-9)
    spread = np.maximum(variance + (relative * real) ** 2, 1e-12)
    shape, scale = real**2 / spread, spread / np.maximum(real, 1e-12)
    low, high = (_quantile(level, shape, probability) * scale for level in (0.05, 0.95))
    return np.minimum(low, mean), np.maximum(high, mean)


def _quantile(level: float, shape: Floats, probability: Floats) -> Floats:
    """Quantile of 0 with probability 1 − p and Gamma(shape, 1) with probability p."""
    from scipy.special import gammaincinv

    return np.asarray(gammaincinv(shape, _inside(level, probability)))


def _ninety(shape: Floats, scale: Floats, probability: Floats) -> tuple[Floats, Floats]:
    """Ends of the 90 % interval of a number that is 0, or with that probability Poisson at a rate
    that is Gamma(shape, scale)."""
    from scipy.stats import nbinom

    success = 1.0 / (1.0 + scale)

    def number(level: Floats | float) -> Floats:
        told = nbinom.ppf(_inside(level, probability), shape, success)
        return np.asarray(np.maximum(told, 0.0))

    low = number(0.05)
    below = 1 - probability + probability * nbinom.cdf(low - 1, shape, success)
    return low, number(0.9 + np.where(low > 0, below, 0.0))


def _inside(level: Floats | float, probability: Floats) -> Floats:
    """The level within the part that is not 0 for want of a cause."""
    return np.clip((level - (1 - probability)) / np.maximum(probability, 1e-12), 0, 1)
