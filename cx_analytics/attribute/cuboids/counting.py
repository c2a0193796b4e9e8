"""Evidence of counts: whole numbers of events against their expectation.

Errors of small counts are large and lopsided when nothing is wrong: with 0.4 expected, most
leaves have 0. The negative binomial likelihood knows it: variance mu + alpha mu^2, alpha from
the data (Cameron & Trivedi 1998, "Regression Analysis of Count Data", ch. 3). A leaf of an
element has its expectation times a factor; severities are those of relative.py, so that 0.5
means half below the forecast, and -0.5 a forecast that is half of what came.

Belongs here: dispersion and log-likelihood ratios. Stays out: summing up.
"""

from __future__ import annotations

import numpy as np

from cx_analytics.attribute.cuboids.evidence import Evidence, channel_prices
from cx_analytics.attribute.cuboids.leaves import Floats

SEVERITIES: Floats = np.array((0.1, 0.18, 0.26, 0.35, 0.45, 0.55, 0.65, 0.75, 0.85, 0.93, 0.98))

SPREAD = 0.35
"""Spread of the logarithm of the factor between the leaves of an element."""

EXCEPTIONS = 0.1
"""Share of an element's leaves that do not follow it: half are quiet, half off anyhow."""

LEAST_EXPECTED = 0.02
"""No leaf is expected to be emptier than this, or one event would prove anything."""

LARGEST_ALPHA, TAIL = 4.0, 1.5
"""The largest dispersion, and by how much tails are wider than the median square tells."""

LEAST_TELLING = 1.0
"""Expected events from which on a leaf tells how far leaves are off."""

CHI_MEDIAN = 0.4549
"""Median of a chi-square with one degree of freedom."""

SMALL, SMALL_SHARE = 64.0, 0.1
"""Whole numbers are counts when so many of the leaves are smaller than that."""


def are_counts(real: Floats, predict: Floats) -> bool:
    """Whether amounts are better taken as counts: whole numbers, many of them small."""
    size = np.maximum(real, predict)
    present = size > 0
    if not present.any() or float((size[present] < SMALL).mean()) < SMALL_SHARE:
        return False
    return bool((real == np.floor(real)).all())


def counting_evidence(real: Floats, predict: Floats, alpha: float, factor: float = 1.0) -> Evidence:
    """Evidence of leaves from their counts and expectations, each of shape (leaves,).

    `factor` multiplies the forecast; `null_nats` is the log-likelihood over that without it.
    """
    before = np.maximum(predict, LEAST_EXPECTED).astype(np.float64)
    expected = np.maximum(predict * factor, LEAST_EXPECTED).astype(np.float64)
    falls, rises = np.log(1.0 - SEVERITIES), -np.log(1.0 - SEVERITIES)
    one_side = np.concatenate([[0.0], SEVERITIES])
    severity = np.concatenate([one_side, -one_side])
    ratios = [_ratios(real, expected, alpha, factors) for factors in (falls, rises)]
    table = np.concatenate([np.zeros((1, len(severity))), np.hstack(ratios)])
    row = np.arange(1, len(real) + 1)
    row[np.maximum(real, predict) <= 0] = 0
    above = float(real.sum(dtype=np.float64)) > float(expected.sum())
    return Evidence(
        row=row,
        table=table.astype(np.float32),
        severity=severity,
        price=channel_prices(severity, int(above)),
        null_nats=float(_gain(real, before, alpha, expected / before).sum()),
    )


def dispersion(real: Floats, expected: Floats) -> float:
    """alpha of the variance mu + alpha mu^2, from the median squared error of leaves.

    Leaves with fewer than LEAST_TELLING expected tell nothing about it.
    """
    told = expected >= LEAST_TELLING
    if int(told.sum()) < 10:
        return 0.0
    square, mean = (real[told] - expected[told]) ** 2, expected[told]

    def usual(alpha: float) -> float:
        return float(median(square / (mean + alpha * mean * mean)))

    low, high = 0.0, LARGEST_ALPHA
    if usual(low) <= CHI_MEDIAN:
        return 0.0
    for _ in range(30):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if usual(middle) > CHI_MEDIAN else (low, middle)
    return TAIL * high


def median(values: Floats) -> Floats:
    """The median over the first axis; NumPy's own takes ten times as long over few values.

    >>> median(np.array([3.0, 1.0, 2.0, 9.0])).item()
    2.5
    """
    ordered = np.sort(values, axis=0)
    return np.asarray(0.5 * (ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2]))


def _gain(real: Floats, expected: Floats, alpha: float, factor: Floats) -> Floats:
    """Log-likelihood of counts with `factor` times their expectation, over that without."""
    if alpha <= 1e-9:
        return np.asarray(real * np.log(factor) - expected * (factor - 1.0))
    size = 1.0 / alpha
    moved = (size + expected * factor) / (size + expected)
    return np.asarray(real * np.log(factor) - (real + size) * np.log(moved))


def _ratios(real: Floats, expected: Floats, alpha: float, log_factors: Floats) -> Floats:
    """Nats for each channel, the agnostic one first."""
    factor = np.exp(log_factors)
    single = _gain(real[:, None], expected[:, None], alpha, factor[None, :])
    apart = (log_factors[:, None] - log_factors[None, :]) / SPREAD
    mixing = np.hstack([np.ones((len(factor), 1)), np.exp(-0.5 * apart**2)])
    top = np.maximum(single.max(axis=1, keepdims=True), 0.0)
    mixed = np.exp(single - top) @ (mixing / mixing.sum(axis=0))
    stray = EXCEPTIONS * 0.5 * (np.exp(-top) + mixed[:, :1])
    return np.asarray(np.log((1.0 - EXCEPTIONS) * mixed + stray) + top)
