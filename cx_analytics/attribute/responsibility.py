"""Responsibilities: which part of each fault each cause explains, customer by customer.

Customers differ. One who has many faults that no cause explains is likely to have had this
fault anyway; one who has none elsewhere is not. With the frailty z of customer j the hazard
of a session is z b + sum_c theta_c, and p(z | faults of j) follows from a gamma prior of mean 1
and the faults of j at the hazards where they happened (Clayton 1978 for gamma frailty; the
shape of the prior is fitted, as empirical Bayes does: Efron & Morris 1975).

Belongs here: the posterior of z and the shares. Stays out: the causes themselves (search.py).
"""

from __future__ import annotations

from math import lgamma

import numpy as np

from cx_analytics.attribute.counts import Floats, Ints
from cx_analytics.attribute.hazard import Hazard
from cx_analytics.attribute.missing import lost

GRID: Floats = np.exp(np.linspace(np.log(0.03), np.log(12.0), 24))
"""Frailties that are considered."""

SHAPES = (0.7, 1.0, 1.4, 2.0, 3.0, 5.0, 10.0)
"""Shapes k of the gamma prior that are considered: the frailty varies by 1/sqrt(k)."""

FEWEST = 2
"""Customers with fewer faults say nothing about themselves; their exposure is not counted."""

PRIOR_FAULTS = 3.0
"""Pseudo-faults that pull the level of a customer's background towards the typical one."""


def shares(hazard: Hazard, typical: Floats) -> tuple[Ints, Ints, Floats]:
    """(fault, term, share) of every fault and term that may explain it.

    What the shares of a fault leave to 1 is the background's. `typical` is the mean background
    hazard of each type.
    """
    fault, term, added = _possible(hazard)
    level = hazard.level
    caused: Floats = np.bincount(fault, added, minlength=len(level)).astype(float)
    customer, expected = customers(hazard, typical)
    posterior = frailty(
        customer, level, caused, expected, shape_of(customer, level, caused, expected)
    )
    own = np.where(customer >= 0, customer, len(posterior) - 1)
    weight = np.empty(len(fault))
    for begin in range(0, len(fault), 100_000):
        part = slice(begin, begin + 100_000)
        at = fault[part]
        total = GRID * level[at, None] + caused[at, None]
        weight[part] = (posterior[own[at]] / total).sum(axis=1)
    return fault, term, np.minimum(added * weight, 1.0)


def _possible(hazard: Hazard) -> tuple[Ints, Ints, Floats]:
    """(fault, term, added hazard) of every term that a fault is in, or may be in."""
    fault, term, _ = hazard.responsibilities()
    hidden, inside = lost(hazard), np.ones(len(fault))
    fault, term = np.concatenate([fault, hidden.fault]), np.concatenate([term, hidden.term])
    theta = hazard.theta.reshape(-1)[term * hazard.period.types + hazard.period.kind[fault]]
    return fault, term, theta * np.concatenate([inside, hidden.chance])


def frailty(customer: Ints, level: Floats, added: Floats, expected: Floats, shape: float) -> Floats:
    """Posterior of z on GRID by customer; the last row is for those of whom nothing is known.

    Parameters
    ----------
    customer : number of each fault's customer, -1 where not known or with too few faults.
    level, added : background hazard and that of all causes at each fault.
    expected : by customer, background faults at z = 1.
    shape : of the gamma prior (`shape_of`).
    """
    size = len(expected)
    log_p = np.zeros((size + 1, len(GRID)))
    known = customer >= 0
    ratio = added[known] / level[known]
    each = np.log(GRID[None, :] + ratio[:, None])
    np.add.at(log_p, customer[known], each)
    log_p[:size] -= expected[:, None] * GRID
    log_p[:size] += _log_prior(shape)
    log_p[size] = np.where(np.abs(np.log(GRID)) == np.abs(np.log(GRID)).min(), 0.0, -np.inf)
    p = np.exp(log_p - log_p.max(axis=1, keepdims=True))
    return np.asarray(p / p.sum(axis=1, keepdims=True))


def _log_prior(shape: float) -> Floats:
    """Log weight of a gamma of mean 1 at each frailty of the (logarithmic) grid."""
    return np.asarray(shape * np.log(GRID) - shape * GRID)


def shape_of(customer: Ints, level: Floats, added: Floats, expected: Floats) -> float:
    """The shape under which the fault counts of customers without causes are most likely.

    They are negative binomial, and those with fewer than FEWEST faults are not seen.
    """
    size = len(expected)
    known = customer >= 0
    faults = np.bincount(customer[known], minlength=size)
    caused = np.bincount(customer[known], (added / (level + added))[known], minlength=size)
    calm = (faults >= FEWEST) & (caused < 0.05 * faults) & (expected > 0)
    if calm.sum() < 30:
        return 2.0
    n, mean = faults[calm].astype(float), expected[calm]
    return max(SHAPES, key=lambda shape: _truncated(n, mean, shape))


def _truncated(n: Floats, mean: Floats, shape: float) -> float:
    from scipy.special import gammaln

    success = np.log(mean / (shape + mean))
    zero = shape * np.log(shape / (shape + mean))
    each = gammaln(n + shape) - lgamma(shape) - gammaln(n + 1) + zero + n * success
    unseen = np.exp(zero) * (1.0 + shape * np.exp(success))
    return float((each - np.log(np.maximum(1.0 - unseen, 1e-12))).sum())


def customers(hazard: Hazard, typical: Floats) -> tuple[Ints, Floats]:
    """The customer of each fault (-1: too little is known), and background faults expected of each.

    A customer's level is that of the background where the faults happened, over the typical one.
    """
    period = hazard.period
    customer = period.codes("customer_id")
    size = len(period.counts.columns["customer_id"].levels)
    sessions = period.cells.customer_sessions[:, period.first : period.last].sum(axis=1)
    known = (customer >= 0) & (sessions > 0)[np.maximum(customer, 0)]
    left = hazard.level / hazard.rate
    usual = left / (hazard.level / typical[period.kind])
    faults, even = (
        np.bincount(customer[known], values[known], minlength=size) for values in (left, usual)
    )
    relative = (faults + PRIOR_FAULTS) / (even + PRIOR_FAULTS)
    return np.where(known, customer, -1), np.asarray(sessions * typical.sum() * relative)
