"""Individuals: a customer, a unit, or a customer at one cell with trouble of his own.

Belongs here: which of them are looked at, and accepting those whose own trouble is more likely
than none. Stays out: how likely that is (own.py), and shared causes; a bad lot must be in the
model first, or its units would each become a cause.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log

import numpy as np

from cx_analytics.attribute.assess import ACTIVE_GAIN, Assessor
from cx_analytics.attribute.candidates import MIN_FAULTS_INDIVIDUAL
from cx_analytics.attribute.counts import Bools, Floats, Ints
from cx_analytics.attribute.evidence import exact_theta
from cx_analytics.attribute.hazard import Hazard, Term
from cx_analytics.attribute.own import OwnTrouble, Scopes
from cx_analytics.attribute.responsibility import GRID, customers, frailty, shape_of

LEAST_RATIO = 3.0
"""Whose unexplained faults exceed the background's by less is not looked at."""
LEAST_EVIDENCE = 0.0
"""Log odds of own trouble from which on an individual is a cause: more likely than not."""


@dataclass(frozen=True)
class Individual:
    """An individual cause; its evidence is the log odds that its customer has own trouble."""

    term: Term
    theta: Floats
    evidence: float


def find_individuals(hazard: Hazard, assessor: Assessor, typical: Floats) -> list[Individual]:
    """Individuals with own trouble given the shared causes, one for each customer, best first.

    Individuals that are in the model already are found anew: they say how unequal customers are
    without any. `typical` is the mean background hazard of each type.
    """
    individual = assessor.scorer.individual
    shared = hazard.without([n for n, term in enumerate(hazard.terms) if individual[term.cell]])
    once = _once(assessor.event)
    cells = _worth_a_look(shared, np.flatnonzero(individual), typical, once)
    if not len(cells):
        return []
    customer, expected = customers(hazard, typical)
    customer, expected = np.where(once, customer, -1), expected * once.mean()
    shape = shape_of(customer, hazard.level, hazard.rate - hazard.level, expected)
    unequal = frailty(customer, shared.level, shared.rate - shared.level, expected, shape)
    own = OwnTrouble(
        scopes=_scopes(shared, cells, customer, once, len(expected)),
        frailty=unequal[:, ::2] + unequal[:, 1::2],
        grid=np.sqrt(GRID[::2] * GRID[1::2]),
        typical=typical,
        sessions=hazard.period.sessions * float(once.mean()),
    ).fit()
    if own.told_ < least_told(hazard.period.sessions):
        return []
    good = np.flatnonzero(own.any_ > LEAST_EVIDENCE)
    rank = sorted(
        good, key=lambda n: (-round(float(own.any_[n]), 9), -round(float(own.odds_[n]), 9), n)
    )
    return _one_each(shared, assessor, cells[rank], own.any_[rank])


def least_told(sessions: float) -> float:
    """Nats that all own troubles together must tell before there are any.

    Where nothing is wrong, the two or three unluckiest customers would else vouch for each other.
    Half a logarithm for the one number that says how many there are (Schwarz, Annals of Statistics
    6(2), 1978, pages 461-464).

    >>> round(least_told(1e6), 1)
    6.9
    """
    return 0.5 * log(max(sessions, 1.0))


def _once(event: Ints) -> Bools:
    """One fault of each event: data that are doubled say nothing new."""
    first = np.zeros(len(event), dtype=bool)
    first[np.unique(event, return_index=True)[1]] = True
    return first


def _worth_a_look(hazard: Hazard, cells: Ints, typical: Floats, once: Bools) -> Ints:
    """Cells with more faults than the background brings; the others' odds are next to none."""
    period, size = hazard.period, len(cells)
    owner, fault = period.entries(cells)
    left, usual = hazard.level / hazard.rate, typical[period.kind] / hazard.rate
    observed, even = (np.bincount(owner, v[fault], minlength=size) for v in (left, usual))
    events = np.bincount(owner, once[fault], minlength=size)
    level = observed / np.maximum(even, 1e-12)
    expected = period.exposure[cells, -1] * typical.sum() * level
    good = (observed >= LEAST_RATIO * expected) & (events >= MIN_FAULTS_INDIVIDUAL)
    return np.asarray(cells[good], dtype=np.int64)


def _scopes(hazard: Hazard, cells: Ints, customer: Ints, once: Bools, unknown: int) -> Scopes:
    """The events of some cells, by cell and customer; `unknown` is the number of no customer."""
    period = hazard.period
    names = [period.key(int(cell)).names for cell in cells]
    number = {name: n for n, name in enumerate(sorted(set(names)))}
    owner, fault = period.entries(cells)
    owner, fault = owner[once[fault]], fault[once[fault]]
    person = np.where(customer[fault] >= 0, customer[fault], unknown)
    order = np.lexsort((fault, person, owner))
    owner, fault, person = owner[order], fault[order], person[order]
    return Scopes(
        kind=np.array([number[name] for name in names], dtype=np.int64),
        exposure=period.exposure[cells, -1] * once.mean(),
        customer=_main_customer(owner, person, len(cells), unknown),
        fewest=MIN_FAULTS_INDIVIDUAL,
        owner=owner,
        person=person,
        types=period.kind[fault],
        size=period.types,
        level=hazard.level[fault],
        added=(hazard.rate - hazard.level)[fault],
    )


def _main_customer(owner: Ints, person: Ints, size: int, unknown: int) -> Ints:
    """The customer with most faults of each cell; cells of `unknown` ones stand for themselves."""
    pairs, count = np.unique(np.stack([owner, person]), axis=1, return_counts=True)
    order = np.lexsort((-pairs[1], count, pairs[0]))
    found = np.zeros(size, dtype=np.int64)
    found[pairs[0][order]] = pairs[1][order]
    return np.where(found == unknown, unknown + 1 + np.arange(size), found)


def _one_each(
    hazard: Hazard, assessor: Assessor, cells: Ints, evidence: Floats
) -> list[Individual]:
    """The best cell of each customer, with its theta by type."""
    period, found, seen = hazard.period, list[Individual](), set[int]()
    for cell, worth in zip(cells, evidence, strict=True):
        own = period.members(int(cell))
        customers = set(assessor.customer[own].tolist()) - {-1}
        if customers & seen:
            continue
        seen |= customers
        weight, kind = 1.0 / hazard.rate[own], period.kind[own]
        exposure = float(period.exposure[cell, -1])
        pairs = [exact_theta(weight[kind == t], exposure) for t in range(period.types)]
        theta = np.array([value if gain > ACTIVE_GAIN else 0.0 for value, gain in pairs])
        found.append(Individual(Term(int(cell), 0, period.days), theta, float(worth)))
    return found
