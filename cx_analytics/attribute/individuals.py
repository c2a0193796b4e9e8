"""Individuals: a customer, a unit, or a customer at one cell with trouble of his own.

Belongs here: finding them against what the shared causes leave. Stays out: shared causes; a
bad lot must be in the model first, or its units would each become a cause.

Customers differ: with gamma frailty of shape k the faults of one with expectation mu are
negative binomial. An individual is a cause when a rate of his own beats that by more than
its description length.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log

import numpy as np

from cx_analytics.attribute.assess import ACTIVE_GAIN, FRAILTY, Assessor
from cx_analytics.attribute.counts import Floats, Ints
from cx_analytics.attribute.evidence import exact_theta
from cx_analytics.attribute.hazard import Hazard, Term

MIX_SHAPE = 0.7
"""Dirichlet shape of the types of an individual trouble: mostly two or three of them."""
LEAST_WEIGHT = 3.0
LEAST_RATIO = 3.0
REBATE = 1.5
"""A gamma prior on the number of individuals: how much each that was found lowers the price."""
FIXED_PRICE = 2.0
"""Nats to say that someone has trouble of his own at all."""
KINDS = 3
"""Kinds of individuals: unit, customer, customer at a cell."""


@dataclass(frozen=True)
class Individual:
    """An individual cause and its evidence J."""

    term: Term
    theta: Floats
    evidence: float


def frailty_gain(observed: Floats, expected: Floats, shape: float = FRAILTY) -> Floats:
    """ln Poisson(O; O) - ln NegativeBinomial(O; mu, k): a rate of its own against frailty.

    >>> gain = frailty_gain(np.array([2.0, 20.0]), np.array([0.5, 0.5]))
    >>> [round(float(g), 1) for g in gain]
    [1.3, 24.1]
    """
    from scipy.special import gammaln

    mean = np.maximum(expected, 1e-9)
    own = observed * np.log(np.maximum(observed, 1e-12)) - observed - gammaln(observed + 1)
    common = (
        gammaln(observed + shape)
        - gammaln(shape)
        - gammaln(observed + 1)
        + shape * np.log(shape / (shape + mean))
        + observed * np.log(mean / (shape + mean))
    )
    return np.asarray(np.where(observed > mean, own - common, 0.0))


def mix_gain(tally: Floats, typical: Floats, shape: float = MIX_SHAPE) -> Floats:
    """How much a mix of types of its own gains over the background's, in nats, at least 0.

    ln DirichletMultinomial(O_1..O_T; shape) - ln Multinomial(O_1..O_T; typical mix), less
    ln 2 for the choice. `tally` has shape (individuals, types).

    >>> tally = np.array([[10.0, 0.0, 0.0], [4.0, 3.0, 3.0]])
    >>> [round(float(g), 1) for g in mix_gain(tally, np.ones(3))]
    [6.7, 0.0]
    """
    from scipy.special import gammaln

    total, alpha = tally.sum(axis=1), shape * tally.shape[1]
    own = gammaln(alpha) - gammaln(total + alpha)
    own = own + (gammaln(tally + shape) - gammaln(shape)).sum(axis=1)
    common = (tally * np.log(np.maximum(typical / typical.sum(), 1e-9))).sum(axis=1)
    return np.asarray(np.maximum(own - common - np.log(2.0), 0.0))


def find_individuals(hazard: Hazard, assessor: Assessor, typical: Floats) -> list[Individual]:
    """Individuals with J > 0 given the model, at most one for each customer, best first.

    Faults count by background hazard over total hazard: what a shared cause explains is
    not held against the individual.
    """
    scorer, period = assessor.scorer, hazard.period
    cells = np.flatnonzero(scorer.individual)
    taken = {term.cell for term in hazard.terms}
    cells = np.array([c for c in cells if c not in taken], dtype=np.int64)
    if not len(cells):
        return []
    tally, level = _unexplained(hazard, cells, typical)
    score: Floats = tally.sum(axis=1)
    expected = period.exposure[cells, -1] * typical.sum() * level
    whole = all_of(hazard, cells, score)
    gain = frailty_gain(score * whole, expected * whole) + mix_gain(tally, typical)
    evidence = gain - _price(hazard, cells, int(scorer.individual[list(taken)].sum()))
    good = (evidence > 0) & (score >= LEAST_WEIGHT) & (score >= LEAST_RATIO * expected)
    ranked = sorted(np.flatnonzero(good), key=lambda n: (-round(float(evidence[n]), 9), n))
    return _one_each(hazard, assessor, cells[ranked], evidence[ranked])


def _unexplained(hazard: Hazard, cells: Ints, typical: Floats) -> tuple[Floats, Floats]:
    """Faults of each cell by type that no cause explains, and its background over typical.

    A fault counts by background over total hazard. The level is the harmonic mean of the
    background at the cell's own faults: someone on a network with twice the usual faults is
    expected to have twice as many.
    """
    period = hazard.period
    owner, fault = period.entries(cells)
    key = owner * period.types + period.kind[fault]
    left, usual = hazard.level / hazard.rate, typical[period.kind] / hazard.rate
    shape, size = (-1, period.types), len(cells) * period.types
    tally = np.bincount(key, left[fault], minlength=size).reshape(shape)
    even = np.bincount(owner, usual[fault], minlength=len(cells))
    level = tally.sum(axis=1) / np.maximum(even, 1e-12)
    return np.asarray(tally, dtype=float), np.where(even > 0, level, 1.0)


def all_of(hazard: Hazard, cells: Ints, score: Floats) -> Floats:
    """All faults of each cell over those that no cause explains.

    Where a shared cause is at work as well, as many more are there, and are to be expected.
    """
    faults = np.diff(hazard.period.start)[cells]
    return np.asarray(faults / np.maximum(score, 1e-12))


def _price(hazard: Hazard, cells: Ints, found: int) -> Floats:
    """ln(kinds of individuals) + ln(N / E) + FIXED_PRICE - ln(1 + individuals found).

    The more individuals a world has, the less surprising is one more (a gamma prior on
    their number, empirical Bayes).
    """
    share = hazard.period.exposure[cells, -1] / max(hazard.period.sessions, 1.0)
    return np.asarray(
        log(KINDS) - np.log(np.maximum(share, 1e-12)) + FIXED_PRICE - REBATE * log(1.0 + found)
    )


def _one_each(
    hazard: Hazard, assessor: Assessor, cells: Ints, evidence: Floats
) -> list[Individual]:
    """The best cell of each customer, with its theta by type."""
    period, found, seen = hazard.period, list[Individual](), set[int]()
    for cell, worth in zip(cells, evidence, strict=True):
        own = period.members(int(cell))
        customers = set(assessor.customer[own].tolist())
        if customers & seen:
            continue
        seen |= customers
        weight, kind = 1.0 / hazard.rate[own], period.kind[own]
        exposure = float(period.exposure[cell, -1])
        pairs = [exact_theta(weight[kind == t], exposure) for t in range(period.types)]
        theta = np.array([value if gain > ACTIVE_GAIN else 0.0 for value, gain in pairs])
        found.append(Individual(Term(int(cell), 0, period.days), theta, float(worth)))
    return found
