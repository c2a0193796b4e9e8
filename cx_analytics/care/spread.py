"""How unequal individuals are: mean and shape of the gamma that their fault rates are drawn from.

Belongs here: the estimates. Stays out: what the rates are rates of (gain.py).

With rates of mean m and shape k, the faults F of an individual with n sessions have mean nm and
variance v + (nm)²/k, where v is the scatter of chance alone; so 1/k is the sum of (F - nm)² - v
over the sum of (nm)² (the method of moments for the negative binomial; Lawless, Negative binomial
and mixed Poisson regression, Canadian Journal of Statistics 15, 1987). It is shrunk to a prior.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

LIMITS = (0.2, 50.0)
"""Shapes: below, one individual would have all faults; above, all are alike."""
_ROUNDS = 50
_ADDED = 3.0
"""Individuals at the plain mean that the correction for selection is held against."""


def shape_of(
    *, faults: Floats, expected: Floats, chance: Floats, prior: float, weight: float
) -> float:
    """The shape k from one entry an individual, `prior` when there is nothing to learn from.

    Parameters
    ----------
    faults : faults of each, by responsibility.
    expected : nm, faults each would have at the mean rate.
    chance : variance of `faults` by chance alone: the squared responsibilities, summed.
    prior, weight : shape to shrink to, and as how much of the sum of (nm)² it counts.

    >>> alike = np.array([1.0, 1.0, 1.0])
    >>> shape_of(faults=alike, expected=alike, chance=alike, prior=1.5, weight=0.0)
    50.0
    """
    between = float(((faults - expected) ** 2 - chance).sum()) + weight / prior
    size = float((expected**2).sum()) + weight
    low, high = LIMITS
    return float(np.clip(size / between, low, high)) if between > 0 < size else high


def mean_of_found(faults: Floats, sessions: Floats) -> float:
    """Mean faults a session of individuals that were found because they had many faults.

    None with fewer than the fewest c faults of those found could have been found, so their faults
    are Poisson given F >= c: m solves sum of E[F | F >= c, nm] = sum of F, where
    E[F | F >= c] = nm P(F >= c - 1) / P(F >= c). Without it the loudest are taken for typical. A
    few individuals at the plain mean, not selected, are added: one that was found tells no m.

    >>> round(mean_of_found(np.array([5.0, 5.0, 9.0]), np.array([10.0, 12.0, 20.0])), 2)
    0.4
    """
    from scipy.special import gammainc

    if not len(faults) or faults.sum() <= 0:
        return 0.0
    fewest = max(float(np.round(faults.min())), 1.0)
    plain = mean = float(faults.sum() / np.maximum(sessions.sum(), 1.0))
    added = _ADDED * float(sessions.mean())
    for _ in range(_ROUNDS):
        rate = np.maximum(mean * sessions, 1e-9)
        one_less = gammainc(fewest - 1, rate) if fewest > 1 else np.ones_like(rate)
        found = rate * one_less / np.maximum(gammainc(fewest, rate), 1e-300)
        mean *= float((faults.sum() + added * plain) / (found.sum() + added * mean))
    return mean
