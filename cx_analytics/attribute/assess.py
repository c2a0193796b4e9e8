"""The exact look at one candidate: theta per type, design effect, evidence, verdict.

Belongs here: judging one cell and window against a model that does not hold it. Stays out:
finding it (scoring.py) and the order of judging (search.py).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from cx_analytics.attribute.cells import Period
from cx_analytics.attribute.counts import Floats, Ints
from cx_analytics.attribute.evidence import (
    TYPE_PRICE,
    cluster_effect,
    exact_theta,
    nested_effect,
)
from cx_analytics.attribute.hazard import Term
from cx_analytics.attribute.scoring import Scorer

LEAST_CUSTOMERS = 4
LEAST_RATIO, LEAST_RATIO_PAIR, LEAST_RATIO_CLOSED = 1.15, 1.4, 1.5
ACTIVE_GAIN = 0.5
"""A type joins a cause when it gains this many nats: weaker excess is left to the noise."""


@dataclass(frozen=True)
class Assessment:
    """What a candidate is worth.

    `gain` is L, `effect` the design effect phi, `price` the description length, `ratio`
    observed over expected faults of the types that count.
    """

    term: Term
    theta: Floats
    gain: float
    effect: float
    price: float
    ratio: float
    customers: int
    least_ratio: float

    @property
    def evidence(self) -> float:
        """J = L / phi - price."""
        return self.gain / self.effect - self.price

    def evidence_under(self, effect: float) -> float:
        """J under a common design effect: for ranking rivals."""
        return self.gain / max(effect, 1e-9) - self.price

    @property
    def acceptable(self) -> bool:
        """Whether enough customers and a large enough ratio speak for it."""
        return self.customers >= LEAST_CUSTOMERS and self.ratio >= self.least_ratio


@dataclass
class Assessor:
    """Judges candidates of one period; holds what every judgement needs."""

    period: Period
    scorer: Scorer
    customer: Ints = field(init=False)
    customer_exposure: Floats = field(init=False)
    customer_faults: Floats = field(init=False)

    def __post_init__(self) -> None:
        period = self.period
        column = period.counts.columns["customer_id"]
        self.customer = column.codes[period.faults]
        size = len(column.levels)
        known = self.customer[self.customer >= 0]
        self.customer_faults = np.bincount(known, minlength=size).astype(float)
        self.customer_exposure = period.cells.customer_sessions[:, period.first : period.last].sum(
            axis=1
        )
        self._children = _children(period)

    def assess(self, term: Term, rate: Floats, typical: Floats, noise: Floats) -> Assessment:
        """Judge a term against hazards `rate` that do not hold it."""
        period = self.period
        own = term.faults(period)
        exposure = term.sessions(period)
        kind = period.kind[own]
        theta, gain = self._by_type(kind, 1.0 / rate[own], exposure)
        counted = gain > TYPE_PRICE
        inside = own[counted[kind]]
        score = typical[period.kind[inside]] / (rate[inside] + theta[period.kind[inside]])
        expected = float((rate[inside] / (rate[inside] + theta[period.kind[inside]])).sum())
        scale = float(typical[counted].sum())
        effect = max(
            self._customers(inside, score, scale * (term.last - term.first) / period.days),
            self._nested(term, inside, score, scale),
            1.0 + float(noise[term.cell]) * exposure * float(typical.sum()),
        )
        first, last = np.array([term.first]), np.array([term.last])
        price = self.scorer.price[term.cell] + self.scorer.window_price(first, last)[0]
        return Assessment(
            term=term,
            theta=np.where(gain > ACTIVE_GAIN, theta, 0.0),
            gain=float(np.maximum(gain - TYPE_PRICE, 0.0).sum()),
            effect=effect,
            price=float(price),
            ratio=len(inside) / max(expected, 1e-9),
            customers=len(np.unique(self.customer[inside])),
            least_ratio=self._least_ratio(term),
        )

    def _by_type(self, kind: Ints, weight: Floats, exposure: float) -> tuple[Floats, Floats]:
        found = [exact_theta(weight[kind == t], exposure) for t in range(self.period.types)]
        pair = np.array(found).reshape(-1, 2)
        return pair[:, 0], pair[:, 1]

    def _customers(self, inside: Ints, score: Floats, scale: float) -> float:
        """Clustering in customers beyond what their sessions lead one to expect."""
        customer = self.customer[inside]
        known = customer[customer >= 0]
        here = np.bincount(known, minlength=len(self.customer_faults))
        part = here / np.maximum(self.customer_faults, 1.0)
        return cluster_effect(score, customer, self.customer_exposure * part * scale)

    def _nested(self, term: Term, inside: Ints, score: Floats, scale: float) -> float:
        """Clustering in what the cell is made of: the cells of a region, the lots of a model."""
        key = self.period.key(term.cell)
        if len(key.conditions) > 1 or key.hours is not None:
            return 1.0
        effect = 1.0
        for name in self._children.get(key.names[0], ()):
            exposure = self.period.counts.values[name][:, self.period.first : self.period.last]
            expected = exposure[:, term.first : term.last].sum(axis=1) * scale
            effect = max(effect, nested_effect(score, self.period.codes(name)[inside], expected))
        return effect

    def _least_ratio(self, term: Term) -> float:
        key = self.period.key(term.cell)
        closed = term.first > 0 and term.last < self.period.days
        if closed or key.hours is not None:
            return LEAST_RATIO_CLOSED
        return LEAST_RATIO_PAIR if len(key.conditions) > 1 else LEAST_RATIO


def _children(period: Period) -> dict[str, tuple[str, ...]]:
    """Attribute -> attributes nested in it whose exposure is known."""
    found: dict[str, list[str]] = {}
    for child, parents in sorted(period.cells.nested.items()):
        for parent in parents:
            if child in period.counts.values and parent not in (child,):
                found.setdefault(parent, []).append(child)
    return {parent: tuple(children) for parent, children in found.items()}
