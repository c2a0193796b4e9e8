"""The null density of relative errors: how far leaves are off when nothing is wrong.

A scale mixture of half-normals with a uniform rest and a point at |r| = 1, fitted by EM
(Dempster, Laird & Rubin 1977, J. R. Stat. Soc. B 39, 1-38) to counts by bin of |r|. What is
anomalous lies mostly on one side of zero: the side with the thinner tail is the quiet one, and
its density serves both.

Belongs here: bins and the density. Stays out: what a leaf's error says for an element.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from cx_analytics.attribute.cuboids.leaves import Floats, Ints

BINS = 128
"""Bins of |r| in [0, 1), narrow near 0: bin = floor(BINS * sqrt(|r|)). Bin BINS is |r| = 1."""

EDGES: Floats = (np.arange(BINS + 1) / BINS) ** 2

WIDTH: Floats = np.append(np.diff(EDGES), 0.0)

SQUARE: Floats = np.append((EDGES[1:] ** 2 + EDGES[1:] * EDGES[:-1] + EDGES[:-1] ** 2) / 3, 1.0)
"""Mean of r^2 in each bin."""

REST: Floats = np.stack([WIDTH, np.append(np.zeros(BINS), 1.0)], axis=1)
"""Probability of each bin under the uniform rest and under |r| = 1, shape (BINS + 1, 2)."""

SCALES = (0.5, 1.0, 2.5, 8.0)
"""Standard deviations to start from, in units of the one that the median implies."""

SHARES = (0.2, 0.6, 0.1, 0.05, 0.025, 0.025)
"""Shares to start from: the half-normals, the uniform rest, |r| = 1."""

SMALLEST, LARGEST = 3e-4, 0.5
"""Limits of the standard deviations."""

FAR = 6.0
"""The tail begins at so many standard deviations."""

FEW_SHARE = 0.05
"""A side with a smaller share of the leaves cannot tell what is normal."""

FEWEST_OF_TIER = 50
"""Leaves that a tier needs to speak for itself."""

FEWEST = 1.0
"""Leaves that a component must hold: what one odd leaf asks for is not there (the annihilation
of Figueiredo & Jain 2002, IEEE Trans. Pattern Anal. Mach. Intell. 24, 381-396, eq. 17)."""

STRAY = 1e-6
"""Leaves supposed to be anywhere, and supposed to be at |r| = 1, before any is seen."""

FIRST_ROUNDS, ROUNDS, TOLERANCE = 12, 50, 1e-3


@dataclass(frozen=True)
class Null:
    """`bins`: probability of each bin of |r|, shape (BINS + 1,); `quiet`: 0 = r > 0, 1 = r < 0."""

    bins: Floats
    quiet: int


def fit_null(counts: Ints) -> list[Null]:
    """The null density of each tier of leaf sizes, all with the same quiet side.

    `counts` of leaves has shape (tiers, 2, BINS + 1): by direction, r > 0 first. The tiers share
    one density unless small leaves are clearly off by more (or less) than large ones.
    """
    sides = counts.sum(axis=0)
    mixtures = [_Mixture(side.astype(np.float64)).fitted(FIRST_ROUNDS) for side in sides]
    few = sides.sum(axis=1) < FEW_SHARE * sides.sum()
    far = min(FAR * _usual(sides.sum(axis=0)), LARGEST) ** 2 < SQUARE
    tails = [float(np.log(mixture.bins()[far]).sum()) for mixture in mixtures]
    quiet = int(few[0]) if few.any() else int(tails[1] < tails[0])
    whole = mixtures[quiet].fitted(ROUNDS).bins()
    if not _differ(counts):
        return [Null(whole, quiet)] * len(counts)
    return [Null(_tier(side.astype(np.float64), whole), quiet) for side in counts[:, quiet]]


def _differ(counts: Ints) -> bool:
    """Whether the typical error differs between tiers, beyond chance and by a fifth or more."""
    tiers = counts.sum(axis=1)
    tiers = tiers[tiers.sum(axis=1) >= FEWEST_OF_TIER]
    if len(tiers) < 2:
        return False
    scale = np.log([_usual(tier) for tier in tiers])
    number = tiers.sum(axis=1)
    apart = scale - number @ scale / number.sum()
    # ln of a standard deviation that is taken from the median has the variance 1.35 / n.
    return bool(np.abs(apart).max() > 0.2 and number @ apart**2 / 1.35 > 25.0)


def _tier(counts: Floats, whole: Floats) -> Floats:
    """The density of one tier; where it has few leaves, mostly that of all leaves."""
    number = float(counts.sum())
    own = _Mixture(counts).fitted(ROUNDS).bins()
    share = number / (number + FEWEST_OF_TIER)
    return np.asarray(share * own + (1.0 - share) * whole)


def bins_of(size: Floats) -> Ints:
    """The bin of each |r|."""
    return np.asarray((np.sqrt(size) * BINS).astype(np.int64))


def normal_cdf(z: Floats) -> Floats:
    """The standard normal distribution function."""
    erf = [math.erf(each) for each in (z / math.sqrt(2.0)).reshape(-1).tolist()]
    return np.asarray(0.5 + 0.5 * np.array(erf).reshape(z.shape))


class _Mixture:
    """Half-normals, a uniform rest and a point at |r| = 1, fitted to counts of one side."""

    def __init__(self, counts: Floats) -> None:
        if not counts.any():
            counts = np.append(np.ones(1), np.zeros(BINS))
        self.seen = np.flatnonzero(counts)
        self.counts, self.total = counts[self.seen], float(counts.sum())
        self.scale, self.share = np.array(SCALES) * _usual(counts), np.array(SHARES)

    def fitted(self, rounds: int) -> _Mixture:
        """EM in place, until the scales of what holds most leaves settle."""
        square, rest = SQUARE[self.seen], REST[self.seen]
        for _ in range(rounds):
            parts = np.concatenate([_half_normal(self.scale, self.seen), rest], axis=1)
            each = self.counts / (parts @ self.share)
            held = each @ parts * self.share
            spread = (each * square) @ parts[:, :-2] * self.share[:-2]
            moved = np.sqrt(spread / np.maximum(held[:-2], 1e-12))
            moved = np.minimum(np.maximum(moved, SMALLEST), LARGEST)
            step = np.abs(moved / self.scale - 1.0) @ held[:-2] / self.total
            held = np.maximum(held - min(FEWEST, 0.5 * float(held.max())), 0.0)
            self.scale, self.share = moved, held / held.sum()
            self.share[-2:] += STRAY / self.total
            if step < TOLERANCE:
                break
        return self

    def bins(self) -> Floats:
        """Probability of each bin."""
        whole = _half_normal(self.scale, np.arange(BINS + 1))
        return np.asarray(np.concatenate([whole, REST], axis=1) @ self.share)


def _usual(counts: Floats | Ints) -> float:
    """The standard deviation of a half-normal with the same median of |r|."""
    below = counts.cumsum()
    half = float(below[-1]) / 2
    place = int(np.searchsorted(below, half)) if half else 0
    if place >= BINS:
        return LARGEST
    inside = (half - float(below[place] - counts[place])) / max(float(counts[place]), 1.0)
    median = float(EDGES[place] + inside * (EDGES[place + 1] - EDGES[place]))
    return min(max(median / 0.6745, SMALLEST), LARGEST)


def _half_normal(scale: Floats, bins: Ints) -> Floats:
    """Probability of bins by standard deviation, shape (bins, scales); beyond 1 counts as 1."""
    density = np.exp(SQUARE[bins, None] * (-0.5 / scale**2))
    density *= WIDTH[bins, None] * (math.sqrt(2.0 / math.pi) / scale)
    if len(bins) and bins[-1] == BINS:
        density[-1] = [math.erfc(1.0 / (each * math.sqrt(2.0))) for each in scale]
    return np.asarray(density)
