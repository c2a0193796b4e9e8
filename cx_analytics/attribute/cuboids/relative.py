"""Evidence of amounts: relative errors against their null density.

r = (predict - real) / max(predict, real) lies in [-1, 1]: a share of `r` of the forecast is
missing (r > 0), or of the actual amount was not foreseen (r < 0). An element that loses a share s
has r = s on all its leaves, however large they are: the ripple effect of Sun et al. 2018
("HotSpot", IEEE Access 6, 10909-10923) and the deviation score of Li et al. 2019 ("Generic and
robust localization of multi-dimensional root causes", ISSRE).

Belongs here: errors and the table of log-likelihood ratios. Stays out: summing up.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from cx_analytics.attribute.cuboids.background import BINS, EDGES, WIDTH, Null, fit_null, normal_cdf
from cx_analytics.attribute.cuboids.evidence import Evidence, channel_prices
from cx_analytics.attribute.cuboids.leaves import Floats, Ints

SEVERITIES = tuple(
    0.01 * percent for percent in (10, 15, 20, 26, 32, 38, 45, 52, 59, 66, 73, 80, 87, 94, 100, 110)
)
"""Severities of an element that are told apart. Beyond 1: nothing is left of most leaves."""

WIDTHS, WIDTH_SHARES = (0.02, 0.05, 0.1), (0.4, 0.35, 0.25)
"""Spread of r around the severity within an element: a mixture of normals."""

EXCEPTIONS = 0.1
"""Share of an element's leaves that do not follow it: half are quiet, half off anyhow."""

TIERS = 8
"""Tiers of leaf sizes: below 2, 8, 32, 128, 512, 2048, 8192, and more."""

TINY_EXCEPTIONS = 0.4
"""In the first tier amounts may be rounded, and leaves follow less often: a looser bound."""

AT_ONE = 0.1
"""Share of |r| = 1 among leaves that are off anyhow."""

SIDE = BINS + 1
"""Bins of one direction."""

CHUNK = 1 << 20
"""Leaves that are worked on at a time, to save memory."""


def relative_evidence(real: Floats, predict: Floats, factor: float = 1.0) -> Evidence:
    """Evidence of leaves from their amounts, each of shape (leaves,).

    `factor` multiplies the forecast. A leaf without any amount is silent.
    """
    row = np.empty(len(real), dtype=np.uint16)
    counts = np.zeros(1 + 2 * TIERS * SIDE, dtype=np.int64)
    for start in range(0, len(real), CHUNK):
        part = slice(start, start + CHUNK)
        row[part] = _rows(real[part], predict[part] * np.float32(factor))
        counts += np.bincount(row[part], minlength=len(counts))
    by_tier = counts[1:].reshape(TIERS, 2, SIDE)
    nulls = fit_null(by_tier)
    severity, kept = _channels(nulls[0].quiet)
    return Evidence(
        row=row,
        table=_table(nulls)[:, kept].astype(np.float32),
        severity=severity,
        price=channel_prices(severity, 1 - nulls[0].quiet),
        null_nats=sum(_null_nats(*pair) for pair in zip(nulls, by_tier, strict=True)),
    )


def _channels(quiet: int) -> tuple[Floats, Ints]:
    """Signed severities, and which columns of the table are theirs: fewer on the quiet side."""
    severity = np.array([0.0, *SEVERITIES])
    both = np.concatenate([severity, -severity])
    side = np.repeat([0, 1], len(severity))
    place = np.tile(np.arange(len(severity)), 2)
    kept = np.flatnonzero((side != quiet) | (place % 2 == 0))
    return both[kept], kept


def _rows(real: Floats, predict: Floats) -> Ints:
    """Rows of the table: by size, direction and bin of |r|; 0 for a leaf without amounts."""
    size = np.maximum(real, predict)
    error = np.divide(predict - real, size, out=np.zeros_like(size), where=size > 0)
    rows = (np.sqrt(np.abs(error)) * BINS).astype(np.uint16)
    rows += 1
    rows[error < 0] += SIDE
    tier = np.minimum(np.maximum(np.frexp(size)[1] >> 1, 0), TIERS - 1)
    rows += tier.astype(np.uint16) * np.uint16(2 * SIDE)
    rows[size <= 0] = 0
    return rows


def _null_nats(null: Null, sides: Ints) -> float:
    """Log-likelihood of the relative errors as densities (|r| = 1 as a probability)."""
    width = np.append(WIDTH[:-1], 1.0)
    return float(sides.sum(axis=0) @ np.log(0.5 * null.bins / width))


@lru_cache(maxsize=1)
def _kernels() -> Floats:
    """Probability of each bin of r > 0 by channel, the agnostic one first."""
    grid = np.array(SEVERITIES)
    total = np.zeros((SIDE, len(grid)))
    for width, share in zip(WIDTHS, WIDTH_SHARES, strict=True):
        below = normal_cdf((EDGES[:, None] - grid[None, :]) / width)
        total += share * np.diff(np.vstack([below, np.ones(len(grid))]), axis=0)
    return np.hstack([_anyhow()[:, None], total])


def _anyhow() -> Floats:
    """Probability of each bin of r > 0 for leaves that are off by any amount."""
    return np.append((1.0 - AT_ONE) * WIDTH[:-1], AT_ONE)


def _table(nulls: Sequence[Null]) -> Floats:
    """Log-likelihood ratios, shape (1 + 2 TIERS SIDE, channels): by tier r > 0, then r < 0."""
    made: dict[tuple[int, float], Floats] = {}
    blocks: list[Floats] = [np.zeros((1, 2 * (len(SEVERITIES) + 1)))]
    for tier, null in enumerate(nulls):
        exceptions = TINY_EXCEPTIONS if tier == 0 else EXCEPTIONS
        known = (id(null), exceptions)
        if known not in made:
            made[known] = _ratios(null, exceptions)
        blocks.append(made[known])
    return np.concatenate(blocks)


def _ratios(null: Null, exceptions: float) -> Floats:
    """Log-likelihood ratios of one tier, shape (2 SIDE, channels)."""
    quiet = 0.5 * null.bins[:, None]
    stray = exceptions * 0.5 * (quiet + _anyhow()[:, None])
    along = np.log(((1.0 - exceptions) * _kernels() + stray) / quiet)
    against = np.full_like(along, np.log(exceptions * 0.5))
    return np.block([[along, against], [against, along]])
