"""Evidence of ratios: successes among attempts against a forecast of both.

Ratios of leaves are never compared: a leaf with two attempts says almost nothing, and the
binomial likelihood knows it. Failures x among n attempts have the rate q that the forecast
implies, shrunk towards the forecast of all leaves; within an element a share t of what would have
succeeded fails as well (t > 0), or a share of what would have failed does not (t < 0).

Belongs here: rates, over-dispersion and log-likelihood ratios. Stays out: summing up.
"""

from __future__ import annotations

import numpy as np

from cx_analytics.attribute.cuboids.evidence import Evidence, channel_prices
from cx_analytics.attribute.cuboids.leaves import Floats

SHARES: Floats = np.array((0.03, 0.05, 0.08, 0.12, 0.17, 0.24, 0.33, 0.45, 0.6, 0.8, 0.97))
"""Shares of successes lost (or of failures saved) that a leaf may have: the severities."""

SPREAD = 0.7
"""Spread of ln t between the leaves of an element."""

SHRINKAGE = 10.0
"""Attempts of the overall forecast that are added to a leaf's own."""

LEAST_RATE = 1e-3
"""No forecast is so good that fewer failures than this share are expected."""

DISPERSION = 0.02
"""Correlation between attempts of a leaf: n of them tell as much as n / (1 + (n - 1) rho)."""

EXCEPTIONS = 0.3
"""Share of an element's leaves that do not follow it: half are quiet, half off anyhow."""

LEAST_SHARE = 0.05
"""An element must bring so much of the excess failures of the largest: beside a real incident,
small differences between leaves are everywhere, and do not carry the deviation."""


def binomial_evidence(
    successes: Floats, attempts: Floats, predicted_successes: Floats, predicted_attempts: Floats
) -> Evidence:
    """Evidence of leaves from their counts, each of shape (leaves,)."""
    rate = forecast_rate(predicted_successes, predicted_attempts)
    attempts = np.maximum(attempts, successes)
    scale = 1.0 / (1.0 + np.maximum(attempts - 1.0, 0.0) * DISPERSION)
    failed, passed = (attempts - successes) * scale, successes * scale
    worse = _ratios(failed, passed, rate)
    better = _ratios(passed, failed, 1.0 - rate)
    worse_off = float((attempts - successes).sum()) >= float((rate * attempts).sum())
    one_side = np.array([0.0, *SHARES])
    severity = np.concatenate([one_side, -one_side])
    return Evidence(
        row=np.arange(1, len(attempts) + 1),
        table=np.vstack([np.zeros((1, len(severity))), np.hstack([worse, better])]).astype(
            np.float32
        ),
        severity=severity,
        price=channel_prices(severity, 0 if worse_off else 1),
    )


def forecast_rate(successes: Floats, attempts: Floats) -> Floats:
    """The failure rate that the forecast implies for each leaf."""
    total = max(float(attempts.sum()), 1e-9)
    overall = 1.0 - float(successes.sum()) / total
    own = np.maximum(attempts - successes, 0.0)
    rate = (own + SHRINKAGE * overall) / (attempts + SHRINKAGE)
    return np.asarray(np.clip(rate, LEAST_RATE, 1.0 - LEAST_RATE))


def _ratios(hit: Floats, missed: Floats, rate: Floats) -> Floats:
    """Nats for each channel, the agnostic one first; `rate` is the probability of a hit."""
    raised = rate[:, None] + (1.0 - rate[:, None]) * SHARES[None, :]
    single = hit[:, None] * np.log(raised / rate[:, None])
    single += missed[:, None] * np.log(1.0 - SHARES[None, :])
    apart = np.log(SHARES[:, None] / SHARES[None, :]) / SPREAD
    mixing = np.exp(-0.5 * apart**2)
    mixing = np.hstack([np.ones((len(SHARES), 1)), mixing])
    top = np.maximum(single.max(axis=1, keepdims=True), 0.0)
    mixed = np.exp(single - top) @ (mixing / mixing.sum(axis=0))
    stray = EXCEPTIONS * 0.5 * (np.exp(-top) + mixed[:, :1])
    return np.asarray(np.log((1.0 - EXCEPTIONS) * mixed + stray) + top)
