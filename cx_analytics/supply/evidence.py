"""What speaks for a condition, beyond chance and beyond the price of saying so.

Belongs here: design effect, price, evidence, interval. Stays out: the fit (strictness.py) and the
order in which conditions are looked at (search.py).

Rejects are not independent: pieces of one order, day or lot share their luck. The design effect
is the variance of the score between such clusters over what a Poisson process would give
(cluster sandwich, Liang and Zeger 1986, Biometrika 73:13), at the alternative; and no condition
is believed by less than conditions differ anyway (robust empirical null, Efron 2004, JASA 99:96).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from math import exp, inf, log, sqrt

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cx_analytics.supply.scan import MATERIAL, Floats, Scan
from cx_analytics.supply.strictness import Hazard, deviates

MARGIN = 1.5
"""Nats that a claim must gain beyond the price of naming it. Chance gains more than x nats with
probability erfc(sqrt(x)) / 2, which is a tenth of exp(-x) at what claims cost: the odds against
it are some 45."""

LEAST_RATIO = 1.3
"""A rate ratio that nobody would act on is not told."""

LEAST_LOOKS = 4.0
"""Looks that a claim's rejects must be spread over, as if evenly: less is an anecdote."""

TRUST = 20
"""Clusters whose scatter is believed as much as that of a Poisson process: of few it is chance."""

LEAST_DEVIATES = 12
LEAST_EXPECTED = 5.0
"""Conditions from which the usual scatter is measured, and rejects expected under each: fewer are
far from normal."""

MEDIAN_OF_NORMAL = 0.6745
Z90 = 1.645


@dataclass(frozen=True)
class _Level:
    """Counts by the clusters of one level (days, or batches), which are numbered 0 to n - 1.

    Parameters
    ----------
    clusters : n, how many there are.
    looks : the cluster of each look with rejects; shape (R,).
    totals : at (the cluster), stratum, pieces: of all looks.
    counts : condition, at, stratum, pieces: of each condition that was asked for.
    """

    clusters: int
    looks: NDArray[np.int64]
    totals: pl.DataFrame
    counts: pl.DataFrame

    def sum(self, at: NDArray[np.int64], values: Floats) -> Floats:
        """Values added up by cluster; shape (n,)."""
        return np.bincount(at, values, self.clusters).astype(float)


def _level(named: pl.Series, counts: pl.DataFrame, totals: pl.DataFrame) -> _Level:
    """A level from the clusters of looks, and from counts that name theirs."""
    number = totals.select(pl.col("cluster").unique().sort()).with_row_index("at")
    of_looks = named.alias("cluster").to_frame().join(number, on="cluster", maintain_order="left")
    of_counts, of_totals = (
        one.join(number, on="cluster", maintain_order="left").drop("cluster")
        for one in (counts.select("condition", "cluster", "stratum", "pieces"), totals)
    )
    return _Level(number.height, of_looks["at"].cast(pl.Int64).to_numpy(), of_totals, of_counts)


@dataclass
class Evidence:
    """Judges conditions of a scan; asks for counts by day and batch where it needs them."""

    scan: Scan
    _known: dict[str, _Level] = field(default_factory=dict)
    _asked: set[int] = field(default_factory=set)

    @cached_property
    def prices(self) -> Floats:
        """Nats that naming each condition costs: its kind, and which of that kind; shape (C,)."""
        kinds = self.scan.conditions["kind"]
        sizes = dict(kinds.value_counts().iter_rows())
        return np.array([log(max(len(sizes), 1)) + log(sizes[kind]) for kind in kinds]) + MARGIN

    def noise(self, at: Hazard, condition: int) -> float:
        """By how much conditions like this one scatter beyond those at work, as a variance."""
        material = (self.scan.conditions["kind"] == MATERIAL).to_numpy()
        alike = material == material[condition]
        alike[[*at.excess]] = False
        found, expected = deviates(self.scan, at)
        values = found[alike][expected[alike] >= LEAST_EXPECTED]
        values = values[values != 0]
        if values.size < LEAST_DEVIATES:
            return 1.0
        scatter = float(np.median(np.abs(values)) / MEDIAN_OF_NORMAL) ** 2
        return max(1.0, _shrunk(scatter, values.size))

    def told(self, gain: Floats) -> Floats:
        """Gains less the price of naming each step where it shows; shape (n, B)."""
        return np.clip(gain - log(max(self.scan.steps_booking, 1)), 0, None)

    def ask(self, conditions: list[int]) -> None:
        """Have the counts of these conditions by day and by batch."""
        new = sorted({*conditions} - self._asked)
        if not new:
            return
        self._asked |= {*new}
        for cluster in self._levels():
            level = _level(self.scan.looks[cluster], *self.scan.clusters(cluster, new))
            known = self._known.get(cluster, level)
            if known is not level:
                level = replace(level, counts=pl.concat([known.counts, level.counts]))
            self._known[cluster] = level

    def _levels(self) -> list[str]:
        known = (self.scan.looks["batch"] > 0).any()
        return ["day", "batch"] if known else ["day"]

    def design_effect(self, condition: int, excess: Floats, rest: Hazard) -> float:
        """Variance of a condition's score over that of a Poisson process, at least 1.

        Parameters
        ----------
        condition : number of a condition that was asked for.
        excess : its excess, by booking step; shape (B,).
        rest : the hazards without it.
        """
        score = _Score(self.scan, condition, excess, rest)
        if score.information <= 0:
            return 1.0
        scatter = [_shrunk(one, self.scan.looks.height) for one in score.between_looks()]
        scatter += [
            _shrunk(score.between(level) / score.information, level.clusters)
            for level in self._known.values()
        ]
        return max(1.0, *scatter)


def spread_over(scan: Scan, condition: int, excess: Floats, rest: Hazard) -> float:
    """Looks that the rejects of a condition are spread over, as if evenly, where it shows."""
    return _Score(scan, condition, excess, rest).spread_over()


def _shrunk(scatter: float, clusters: int) -> float:
    """A variance over that of a Poisson process, the nearer to it the fewer clusters tell."""
    return 1 + (scatter - 1) * clusters / (clusters + TRUST)


class _Score:
    """Contributions of looks to the slope of one condition, with other excesses taken out."""

    def __init__(self, scan: Scan, condition: int, excess: Floats, rest: Hazard) -> None:
        self.scan, self.condition = scan, condition
        excess = excess[scan.step_of]
        self.excess = excess
        exposure = scan.exposure[condition].toarray().ravel()
        self.squares = scan.squares[condition].toarray().ravel()
        self.exposure = exposure
        reach = scan.pieces + excess * exposure
        self.strictness = scan.rejects / (rest.reach + excess * exposure)
        mean = exposure / reach
        shows = excess > 0
        self.inside, self.outside = shows * (1 / (1 + excess) - mean), -mean * shows
        self.under = scan.member[condition].toarray().ravel() > 0
        stratum = scan.looks["stratum"].to_numpy()
        self.pull = np.where(self.under, self.inside[stratum], self.outside[stratum])
        self.rejects = scan.looks["rejects"].to_numpy() / rest.risk
        self.expected = (
            self.strictness[stratum]
            * scan.looks["pieces"].to_numpy()
            * np.where(self.under, 1 + excess[stratum], 1.0)
        )

    @property
    def informations(self) -> Floats:
        """Variance of the slope were rejects a Poisson process, by booking step; shape (B,)."""
        inside = (1 + self.excess) * self.exposure * self.inside**2
        outside = (self.scan.pieces - self.exposure) * self.outside**2
        values = self.strictness * (inside + outside)
        added = np.bincount(self.scan.step_of, values, self.scan.steps_booking)
        return added.astype(float)

    @property
    def information(self) -> float:
        """The same of all steps together."""
        return float(self.informations.sum())

    def between_looks(self) -> tuple[float, float]:
        """Variance of the slope by the scatter of looks over that of a Poisson process: of all
        looks, and of those outside, which the excess has not been fitted to."""
        met = self.rejects * (self.rejects - 2 * self.expected) * self.pull**2
        inside = (1 + self.excess) ** 2 * self.squares * self.inside**2
        outside = (self.scan.total_squares - self.squares) * self.outside**2
        beyond = np.sum(met[~self.under]) + np.sum(self.strictness**2 * outside)
        every = np.sum(met) + np.sum(self.strictness**2 * (inside + outside))
        known = self.strictness * (self.scan.pieces - self.exposure) * self.outside**2
        apart = beyond / known.sum() if known.sum() > 0 else 1.0
        return float(every / self.information), float(apart)

    def spread_over(self) -> float:
        """Looks that the rejects under it are spread over, as if evenly, where it shows."""
        stratum = self.scan.looks["stratum"].to_numpy()
        met = self.scan.looks["rejects"].to_numpy() * self.under * (self.excess[stratum] > 0)
        return float(met.sum() ** 2 / np.sum(met**2)) if met.any() else 0.0

    def between(self, level: _Level) -> float:
        """Variance of the slope by the scatter of clusters, from their counts."""
        counts = level.counts.filter(pl.col("condition") == self.condition)
        met = level.sum(level.looks, self.rejects * self.pull)
        demanded = self._demanded(level, counts, (1 + self.excess) * self.inside - self.outside)
        demanded += self._demanded(level, level.totals, self.outside)
        return float(((met - demanded) ** 2).sum())

    def _demanded(self, level: _Level, counts: pl.DataFrame, pull: Floats) -> Floats:
        stratum = counts["stratum"].to_numpy()
        values = self.strictness[stratum] * pull[stratum] * counts["pieces"].to_numpy()
        return level.sum(counts["at"].cast(pl.Int64).to_numpy(), values)


WIDEST = 700.0
"""Half the width of an interval on the log scale that a number can still hold; beyond, nothing is
known."""


def ratio_interval(
    scan: Scan, condition: int, excess: Floats, rest: Hazard, effect: float
) -> tuple[float, float, float]:
    """The rate ratio of a condition with its 90 % interval: normal on the log scale, widened by
    the design effect.

    The ratio is that of all steps where the condition shows together: the rejects there over
    those expected without it.
    """
    score = _Score(scan, condition, excess, rest)
    base = np.bincount(
        scan.step_of, score.strictness * score.exposure * (score.excess > 0), scan.steps_booking
    )
    if base.sum() <= 0:
        return 1.0, 1.0, inf
    known = score.informations
    variance = np.sum(base**2 * effect / np.where(known > 0, known, inf))
    ratio = 1 + float(np.sum(base * excess) / base.sum())
    width = Z90 * sqrt(variance) / base.sum() / ratio
    spread = exp(width) if width < WIDEST else inf
    return ratio, max(1.0, ratio / spread), ratio * spread
