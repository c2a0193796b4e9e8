"""How strict each inspector is, and how likely each reject was made where: one hazard.

Belongs here: the hazard of a piece to be rejected, and its fit. Stays out: which conditions are
to be believed (search.py), what a claim costs (evidence.py).

A piece that a look of stratum k (an inspector, in a shift) sees is rejected at the rate

    strictness_k · (1 + sum of excess_cb over the conditions c that it was made under)

so that a strict inspector raises the rejects of good and bad work alike and is no maker. b is the
step that looks: what a maker does shows at the inspection made for it, and hardly later on. Rejects
are a Poisson process of pieces; strictness is what makes the rejects of each stratum add up,

    strictness_k = rejects_k / (pieces_k + sum over c of excess_cb · exposure_ck),

and leaves the likelihood of the excesses, in which exposure enters through its sum by stratum:

    sum over rejects of ln(1 + excesses it was made under) - sum over k of rejects_k · ln(…)

This is the linear excess relative risk of radiation epidemiology (Breslow and Day, Statistical
Methods in Cancer Research II, 1987, ch. 5), stratified by who looked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cx_analytics.supply.scan import Cells, Floats, Scan

LOWEST, HIGHEST = 0.05, 500.0
"""Excesses that are looked for: from hardly more to all of the rejects."""

BISECTIONS = 22
ROUNDS = 50
CLOSE = 1e-4


@dataclass(frozen=True)
class Hazard:
    """The hazards under some conditions with their excesses.

    Parameters
    ----------
    excess : excess rate over that of other work, by condition; each of shape (B,).
    risk : relative risk of each look with rejects; shape (R,).
    reach : pieces by stratum, each weighted with its relative risk; shape (K,).
    """

    excess: Mapping[int, Floats]
    risk: Floats
    reach: Floats

    def strictness(self, scan: Scan) -> Floats:
        """Rejects a piece of blameless work, by stratum; shape (K,)."""
        return scan.rejects / self.reach


def hazard(scan: Scan, excess: Mapping[int, Floats]) -> Hazard:
    """The hazards of those excesses."""
    risk, reach = np.ones(scan.looks.height), scan.pieces.copy()
    looking = scan.step_of[scan.looks["stratum"].to_numpy()]
    for condition, by_step in excess.items():
        risk += scan.member[condition].toarray().ravel() * by_step[looking]
        reach += scan.exposure[condition].toarray().ravel() * by_step[scan.step_of]
    return Hazard(dict(excess), risk, reach)


def without(scan: Scan, at: Hazard, condition: int) -> Hazard:
    """The hazards had that condition no excess."""
    return hazard(scan, {one: value for one, value in at.excess.items() if one != condition})


def fitted(scan: Scan, excess: Mapping[int, Floats]) -> Hazard:
    """The hazards with the most likely excesses of those conditions, from a guess.

    An excess of nothing stays nothing: where a condition does not show is not to be fitted.
    """
    now = dict(excess)
    for _ in range(ROUNDS):
        before = dict(now)
        for one, known in now.items():
            rest = without(scan, hazard(scan, now), one)
            best, _, _ = gains(scan, rest, np.array([one]))
            now[one] = np.where(known > 0, best[0], 0.0)
        if all(np.all(np.abs(now[one] - before[one]) <= CLOSE * (1 + now[one])) for one in now):
            break
    return hazard(scan, now)


class _Slope:
    """Derivative of the log-likelihood by the excess of one more condition, for n of them.

    Arrays of excesses have the shape (n, B).
    """

    def __init__(self, scan: Scan, at: Hazard, cells: Cells) -> None:
        self.shape = cells.shape
        self.seen, self.weight = cells.seen, cells.weight
        self.exposed, self.pieces, self.rejects = cells.exposed, cells.pieces, cells.rejects
        self.risk, self.reach = at.risk[cells.row], at.reach[cells.stratum]

    def __call__(self, excess: Floats) -> Floats:
        flat = excess.ravel()
        told = self.weight / (self.risk + flat[self.seen])
        demanded = self.rejects * self.pieces / (self.reach + flat[self.exposed] * self.pieces)
        return self._sum(self.seen, told) - self._sum(self.exposed, demanded)

    def gain(self, excess: Floats) -> Floats:
        """What the log-likelihood gains by these excesses, in nats; shape (n, B)."""
        flat = excess.ravel()
        told = self.weight * np.log1p(flat[self.seen] / self.risk)
        demanded = self.rejects * np.log1p(flat[self.exposed] * self.pieces / self.reach)
        return self._sum(self.seen, told) - self._sum(self.exposed, demanded)

    def spread(self) -> Floats:
        """Variance of the slope at no excess; shape (n, B)."""
        share = self.pieces / self.reach
        return self._sum(self.exposed, self.rejects * share * np.clip(1 - share, 0, None))

    def expected(self) -> Floats:
        """Rejects to be expected under each condition were it blameless; shape (n, B)."""
        return self._sum(self.exposed, self.rejects * self.pieces / self.reach)

    def _sum(self, group: NDArray[np.int64], values: Floats) -> Floats:
        added = np.bincount(group, weights=values, minlength=self.shape[0] * self.shape[1])
        return added.astype(float).reshape(self.shape)


def gains(scan: Scan, at: Hazard, conditions: NDArray[np.int64]) -> tuple[Floats, Floats, Floats]:
    """Best excess of each condition beside those at work, its gain in nats, what is expected.

    All of shape (n, B). An excess that is hardly more than nothing is 0 and gains nothing. The
    numbers of the conditions rise.
    """
    every = conditions.size == scan.conditions.height
    slope = _Slope(scan, at, scan.all_cells if every else scan.cells(conditions))
    low = np.full(slope.shape, np.log(LOWEST))
    high = np.full(slope.shape, np.log(HIGHEST))
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        rising = slope(np.exp(middle)) > 0
        low, high = np.where(rising, middle, low), np.where(rising, high, middle)
    found = np.exp((low + high) / 2)
    excess = np.where((found > LOWEST * 1.01) & (slope.spread() > 0), found, 0.0)
    return excess, slope.gain(excess), slope.expected()


def deviates(scan: Scan, at: Hazard) -> tuple[Floats, Floats]:
    """Slope of each condition at no excess over its standard deviation, about normal where nothing
    is; and the rejects expected under it. Of shape (C, B)."""
    slope = _Slope(scan, at, scan.all_cells)
    spread = slope.spread()
    known = np.where(spread > 0, spread, 1.0)
    return np.where(
        spread > 0, slope(np.zeros(slope.shape)) / np.sqrt(known), 0.0
    ), slope.expected()
