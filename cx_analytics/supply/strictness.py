"""How strict each inspector is, and how likely each reject was made where: one hazard.

Belongs here: the hazard of a piece to be rejected, and its fit. Stays out: which conditions are
to be believed (search.py), what a claim costs (evidence.py).

A piece that a look of stratum k (an inspector, in a shift) sees is rejected at the rate

    strictness_k · (1 + sum of excess_c over the conditions c that it was made under)

so that a strict inspector raises the rejects of good and bad work alike and is no maker. Rejects
are a Poisson process of pieces; strictness is what makes the rejects of each stratum add up,

    strictness_k = rejects_k / (pieces_k + sum over c of excess_c · exposure_ck),

and leaves the likelihood of the excesses, in which exposure enters through its sum by stratum:

    sum over rejects of ln(1 + excesses it was made under) - sum over k of rejects_k · ln(…)

This is the linear excess relative risk of radiation epidemiology (Breslow and Day, Statistical
Methods in Cancer Research II, 1987, ch. 5), stratified by who looked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from cx_analytics.supply.scan import Floats, Scan

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
    excess : excess rate over that of other work, by condition.
    risk : relative risk of each look with rejects; shape (R,).
    reach : pieces by stratum, each weighted with its relative risk; shape (K,).
    """

    excess: Mapping[int, float]
    risk: Floats
    reach: Floats

    def strictness(self, scan: Scan) -> Floats:
        """Rejects a piece of blameless work, by stratum; shape (K,)."""
        return scan.rejects / self.reach


def hazard(scan: Scan, excess: Mapping[int, float]) -> Hazard:
    """The hazards of those excesses."""
    chosen = list(excess)
    weights = np.array([excess[one] for one in chosen])
    risk = 1 + scan.member[chosen].T @ weights if chosen else np.ones(scan.looks.height)
    reach = scan.pieces + (scan.exposure[chosen].T @ weights if chosen else 0.0)
    return Hazard(dict(excess), np.asarray(risk), np.asarray(reach))


def without(scan: Scan, at: Hazard, condition: int) -> Hazard:
    """The hazards had that condition no excess."""
    return hazard(scan, {one: value for one, value in at.excess.items() if one != condition})


def fitted(scan: Scan, excess: Mapping[int, float]) -> Hazard:
    """The hazards with the most likely excesses of those conditions, from a guess."""
    now = dict(excess)
    for _ in range(ROUNDS):
        before = dict(now)
        for one in now:
            rest = without(scan, hazard(scan, now), one)
            now[one] = float(best_excesses(scan, rest, np.array([one]))[0])
        if all(abs(now[one] - before[one]) <= CLOSE * (1 + now[one]) for one in now):
            break
    return hazard(scan, now)


def best_excesses(scan: Scan, at: Hazard, conditions: np.ndarray) -> Floats:
    """The most likely excess of each condition, were it the only one to be added; 0 for none."""
    slope = _Slope(scan, at, conditions)
    low = np.full(conditions.size, np.log(LOWEST))
    high = np.full(conditions.size, np.log(HIGHEST))
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        rising = slope(np.exp(middle)) > 0
        low, high = np.where(rising, middle, low), np.where(rising, high, middle)
    found = np.exp((low + high) / 2)
    return np.where(found > LOWEST * 1.01, found, 0.0)


class _Slope:
    """Derivative of the log-likelihood by the excess of one more condition, for several."""

    def __init__(self, scan: Scan, at: Hazard, conditions: np.ndarray) -> None:
        self.seen, self.row = _entries(scan.member[conditions])
        self.exposed, stratum = _entries(scan.exposure[conditions])
        self.size = conditions.size
        self.risk, self.weight = at.risk[self.row], scan.looks["rejects"].to_numpy()[self.row]
        self.pieces = scan.exposure[conditions].tocsr().data
        self.reach, self.rejects = at.reach[stratum], scan.rejects[stratum]

    def __call__(self, excess: Floats) -> Floats:
        told = self.weight / (self.risk + excess[self.seen])
        demanded = self.rejects * self.pieces / (self.reach + excess[self.exposed] * self.pieces)
        return _add_up(self.seen, told, self.size) - _add_up(self.exposed, demanded, self.size)

    def gain(self, excess: Floats) -> Floats:
        """What the log-likelihood gains by these excesses, in nats."""
        told = self.weight * np.log1p(excess[self.seen] / self.risk)
        demanded = self.rejects * np.log1p(excess[self.exposed] * self.pieces / self.reach)
        return _add_up(self.seen, told, self.size) - _add_up(self.exposed, demanded, self.size)

    def deviates(self) -> Floats:
        """Slope at no excess over its standard deviation: about normal where nothing is."""
        share = self.pieces / self.reach
        spread = _add_up(
            self.exposed, self.rejects * share * np.clip(1 - share, 0, None), self.size
        )
        slope = self(np.zeros(self.size))
        return np.where(spread > 0, slope / np.sqrt(np.where(spread > 0, spread, 1)), 0.0)


def gains(scan: Scan, at: Hazard, conditions: np.ndarray) -> tuple[Floats, Floats, Floats]:
    """Best excess of each condition beside those at work, its gain in nats, and its deviate."""
    deviates = _Slope(scan, at, conditions).deviates()
    excess, gain = np.zeros(conditions.size), np.zeros(conditions.size)
    rising = np.flatnonzero(deviates > 0)
    if rising.size:
        excess[rising] = best_excesses(scan, at, conditions[rising])
        gain[rising] = _Slope(scan, at, conditions[rising]).gain(excess[rising])
    return excess, gain, deviates


def _entries(matrix: sparse.csr_matrix) -> tuple[np.ndarray, np.ndarray]:
    """Row and column of each entry, in the order of its data."""
    rows = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    return rows, matrix.indices


def _add_up(group: np.ndarray, values: Floats, size: int) -> Floats:
    added: Floats = np.bincount(group, weights=values, minlength=size).astype(float)
    return added
