"""How strongly counts speak for a cause: likelihood ratio, design effect, description length.

Belongs here: formulas on arrays, without knowledge of searching. Stays out: the hazard model
that gives the weights (hazard.py) and the order in which rivals are tried (search.py).

A cell with exposure E holds faults i with model hazard lam_i; w_i = 1/lam_i. Adding the
hazard theta to the cell's sessions changes the log-likelihood of a Poisson process by
sum ln(1 + theta w_i) - theta E. With equal weights its maximum over theta is
`poisson_gain(O, O E / W)` with W = sum w_i: Kulldorff's scan statistic for one cell.
"""

from __future__ import annotations

import numpy as np

from cx_analytics.attribute.counts import Floats, Ints

TYPE_PRICE = 1.5
"""Nats that a fault type must gain before it counts: the price of its own theta."""


def poisson_gain(observed: Floats, expected: Floats) -> Floats:
    """O ln(O/mu) - O + mu where O > mu, else 0: log-likelihood ratio of a raised Poisson rate.

    >>> float(poisson_gain(np.array([8.0]), np.array([8.0]))[0])
    0.0
    >>> round(float(poisson_gain(np.array([20.0]), np.array([8.0]))[0]), 2)
    6.33
    """
    raised = observed > expected
    ratio = np.where(raised, observed / np.maximum(expected, 1e-12), 1.0)
    gain = observed * np.log(ratio) - observed + expected
    return np.asarray(np.where(raised, gain, 0.0))


def window_gain(faults: Floats, weight: Floats, exposure: Floats) -> Floats:
    """Gain of a raised hazard per type, from O, W and E (arrays that broadcast).

    `LLR = O (ln(W/E) - 1 + E/W)` where W > E > 0.
    """
    ratio = np.maximum(weight / np.where(exposure > 0, exposure, np.inf), 1.0)
    return np.asarray(faults * (np.log(ratio) - 1.0 + 1.0 / ratio))


def over_types(gain: Floats, axis: int) -> Floats:
    """`L = sum over types of max(0, LLR - TYPE_PRICE)`."""
    return np.asarray(np.maximum(gain - TYPE_PRICE, 0.0).sum(axis=axis))


def change_gain(
    inside: Floats, expected: Floats, outside: Floats, expected_outside: Floats
) -> Floats:
    """Log-likelihood ratio of two rates against one, where the rate inside is the higher.

    O1 ln(O1/mu1) + O2 ln(O2/mu2) - O ln(O/mu): what a window gains over a cell that was always
    like this. A level of its own that a cell has without a cause cancels out.

    >>> one = np.array([20.0]), np.array([10.0])
    >>> [round(float(change_gain(*one, *[np.array([n]) for n in out])[0]), 2)
    ...  for out in ((40.0, 20.0), (20.0, 20.0))]
    [0.0, 2.36]
    """
    higher = inside * expected_outside > outside * expected
    whole, expected_whole = inside + outside, expected + expected_outside
    gain = _times_log(inside, expected) + _times_log(outside, expected_outside)
    return np.asarray(np.where(higher, gain - _times_log(whole, expected_whole), 0.0))


def _times_log(observed: Floats, expected: Floats) -> Floats:
    ratio = np.maximum(observed, 1e-12) / np.maximum(expected, 1e-12)
    return np.asarray(observed * np.log(ratio))


def exact_theta(weight: Floats, exposure: float, rounds: int = 30) -> tuple[float, float]:
    """The maximiser theta >= 0 of sum ln(1 + theta w_i) - theta E, and the maximum.

    Newton's method on the decreasing function sum w_i / (1 + theta w_i) - E.

    >>> theta, gain = exact_theta(np.full(20, 1 / 0.08), 100.0)
    >>> round(theta, 4), round(gain, 2)
    (0.12, 6.33)
    """
    total = float(weight.sum())
    if total <= exposure or exposure <= 0:
        return 0.0, 0.0
    theta = 0.0
    for _ in range(rounds):
        part = weight / (1.0 + theta * weight)
        step = (part.sum() - exposure) / (part @ part)
        theta += float(step)
        if abs(step) < 1e-10 * (1.0 + theta):
            break
    theta = max(theta, 0.0)
    return theta, float(np.log1p(theta * weight).sum() - theta * exposure)


def cluster_effect(score: Floats, cluster: Ints, expected: Floats | None = None) -> float:
    """Variance of a sum of scores over the naive one, when faults come in clusters.

    The cluster sandwich (Liang & Zeger 1986): sum_g [(sum_i s_i)^2 - e_g^2] / sum_i s_i^2
    with s_i the score of fault i and e_g the score to be expected of cluster g (indexed by
    cluster number). A cluster that dominates the sum was itself fitted by theta, so e_g
    counts by the share of the others. A fault without a cluster (-1) stands for itself.
    """
    naive = float((score * score).sum())
    if naive <= 0:
        return 1.0
    known = cluster >= 0
    own = float((score[~known] ** 2).sum())
    groups, place = np.unique(cluster[known], return_inverse=True)
    totals = np.bincount(place, weights=score[known], minlength=len(groups))
    means = expected[groups] if expected is not None else np.zeros(len(groups))
    counted = np.bincount(place, minlength=len(groups))
    squares = np.bincount(place, weights=score[known] ** 2, minlength=len(groups))
    others = 1.0 - totals / max(float(score.sum()), 1e-300)
    extra = np.where(counted > 1, totals**2 - squares - others * means**2, 0.0)
    return max(1.0, (own + float(squares.sum() + extra.sum())) / naive)


def nested_effect(score: Floats, child: Ints, expected: Floats) -> float:
    """Heterogeneity between the children that make up a cell (cells of a region).

    sum_g (sum_i s_i - e_g)^2 / sum_i s_i^2 * G/(G-1) over the children g with their expected
    score e_g: large when one child carries the parent's faults. Children without a fault
    are taken as too small to matter. Of that ratio two standard errors, sqrt(2/(G-1) + 1/n)
    each, may be chance: two lots never fall out evenly.
    """
    naive = float((score * score).sum())
    known = child >= 0
    groups, place = np.unique(child[known], return_inverse=True)
    if naive <= 0 or len(groups) < 2:
        return 1.0
    totals = np.bincount(place, weights=score[known], minlength=len(groups))
    spread = float(((totals - expected[groups]) ** 2).sum())
    free = len(groups) - 1
    chance = np.sqrt(2.0 / free + 1.0 / len(score))
    return max(1.0, float(spread / naive * len(groups) / free / (1.0 + 2.0 * chance)))


def noise_variance(residual: Floats, variance: Floats, expected: Floats) -> float:
    """Squared coefficient of variation tau^2 between values that no cause explains.

    Chosen so that the median of residual^2 / (variance + tau^2 * expected^2) is that of a
    chi-square with one degree of freedom (0.4549): a robust empirical null (Efron 2004).
    `expected` is the expectation of the scores; residuals are taken from the median value,
    because a few bad values lift the background above all good ones. A value whose variance is
    more than MOST_CLUSTERING times its expectation owes it to a few customers, and tells no
    more of tau^2 than one where it is as much.
    """
    if len(residual) < 2:
        return 0.0
    centre = float(np.median(residual / expected))
    level = max(1.0 + centre, 1e-3)
    square = (residual - centre * expected) ** 2 / np.maximum(variance, 1e-300)
    even = expected * level
    clustering = np.clip(variance / np.maximum(even, 1e-300), 1.0, MOST_CLUSTERING)
    median = _FallingMedian(square, even / clustering)
    low, high = 0.0, 1.0
    if not median.above(low):
        return 0.0
    for _ in range(30):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if median.above(middle) else (low, middle)
    return high


class _FallingMedian:
    """Whether the median of square / (1 + tau^2 growth) is above CHI_MEDIAN.

    Each ratio falls to CHI_MEDIAN at a tau^2 of its own, so the median is only to be looked at
    between the two middle ones of these; and there the same ratios stay the middle ones.
    """

    def __init__(self, square: Floats, growth: Floats) -> None:
        root = (square / CHI_MEDIAN - 1.0) / growth
        order = np.argsort(root)
        self._first, self._last = root[order[(len(root) - 1) // 2]], root[order[len(root) // 2]]
        half = len(root) // 2
        self._under = square[order[:half]], growth[order[:half]]
        self._over = square[order[half:]], growth[order[half:]]

    def above(self, tau2: float) -> bool:
        """At this tau^2."""
        if tau2 < self._first or tau2 >= self._last:
            return bool(tau2 < self._first)
        under, over = (square / (1.0 + tau2 * mu) for square, mu in (self._under, self._over))
        return bool(under.max() + over.min() > 2.0 * CHI_MEDIAN)


CHI_MEDIAN = 0.4549
MOST_CLUSTERING = 1.5
"""Variance of a score over its expectation that several faults of many customers may make."""
