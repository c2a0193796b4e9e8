"""Shrinkage of few observations towards a customer's own past, and of that towards the peers.

Belongs here: the estimators, on arrays. Stays out: which sessions and which reasons.

The model is Bühlmann–Straub's (1970; Bühlmann & Gisler, A Course in Credibility Theory, 2005,
ch. 4): an individual's mean loss has variance τ² around the fleet's mean, and each of its
sessions variance σ² around its own mean. The best linear estimate of the individual's mean
then weighs its n sessions against k = σ²/τ² sessions of the fleet. It is linear in the losses,
so it can be applied to each reason alone and the reasons still add up to the whole.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

FULL_LOSS = 100.0
"""Points that a session can lose at most."""

_WEIGHTS = (1.0, 1000.0)
"""Bounds of k, in sessions: below 1 a single session would decide, above 1000 none ever would."""
_DISPERSION = (0.05, 1.0)
_CONCENTRATION = 0.5


@dataclass(frozen=True)
class Fleet:
    """What the peers look like.

    Attributes
    ----------
    peer_sessions : k, how many sessions of the peers weigh as much as one's own history.
    dispersion : variance of a session's loss over that of an all-or-nothing loss of the same
        mean, 0.05–1.
    """

    peer_sessions: float
    dispersion: float


def fleet_of(sessions: Floats, lost: Floats, lost_squares: Floats) -> Fleet:
    """Structural parameters by moments, from one entry a customer.

    Parameters
    ----------
    sessions : sessions of each customer, each at least 1.
    lost : their losses, summed (points).
    lost_squares : the squares of their losses, summed (points²).
    """
    total, customers = float(sessions.sum()), len(sessions)
    if total <= customers or customers < 2:
        return Fleet(_WEIGHTS[1], 1.0)
    mean = float(lost.sum()) / total
    within = float((lost_squares - lost**2 / sessions).sum()) / (total - customers)
    scatter = float((sessions * (lost / sessions - mean) ** 2).sum())
    effective = total - float((sessions**2).sum()) / total
    between = (scatter - (customers - 1) * within) / effective
    ratio = within / between if between > 0 else _WEIGHTS[1]
    spread = float(lost_squares.sum()) / total - mean**2
    ceiling = mean * (FULL_LOSS - mean)
    dispersion = spread / ceiling if ceiling > 0 else 1.0
    return Fleet(float(np.clip(ratio, *_WEIGHTS)), float(np.clip(dispersion, *_DISPERSION)))


def shrunk(sums: Floats, sessions: Floats, prior: Floats, weight: float) -> Floats:
    """Means per session of `sums`, with `weight` sessions of the prior mean added.

    `sums` and `prior` may have a second axis (one column a reason).
    """
    count = sessions if sums.ndim == 1 else sessions[:, None]
    return np.asarray((sums + weight * prior) / (count + weight))


def interval(score: Floats, weight: Floats, dispersion: float) -> tuple[Floats, Floats]:
    """The 90 % interval of a score (0–100) that rests on `weight` sessions.

    A Beta distribution with the score as mean and the variance of a quasi-binomial mean
    (variance function `dispersion` · μ(100 − μ), McCullagh & Nelder, Generalized Linear Models,
    1989, ch. 9): wide for few sessions, narrow at the ends, never outside 0–100. A mean that
    lies outside its own central 90 % (a very skewed distribution) widens it to hold the mean.
    """
    # Most customers of a day have had just as many sessions, and as flawless ones, as others.
    pairs, place = np.unique(score + 1j * weight, return_inverse=True)
    low, high = _interval(pairs.real, pairs.imag, dispersion)
    return low[place], high[place]


def _interval(score: Floats, weight: Floats, dispersion: float) -> tuple[Floats, Floats]:
    from scipy.special import betaincinv

    mean = np.clip(score / FULL_LOSS, 1e-9, 1 - 1e-9)
    concentration = np.maximum(weight / dispersion - 1, _CONCENTRATION)
    a, b = mean * concentration, (1 - mean) * concentration
    low, high = (FULL_LOSS * betaincinv(a, b, edge) for edge in (0.05, 0.95))
    return np.minimum(low, score), np.maximum(high, score)
