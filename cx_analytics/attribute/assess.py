"""The exact look at one candidate: theta per type, design effect, evidence, verdict.

Belongs here: judging one cell and window against a model that does not hold it. Stays out:
finding it (scoring.py) and the order of judging (search.py).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import polars as pl

from cx_analytics.attribute.counts import Bools, Floats, Ints
from cx_analytics.attribute.evidence import (
    TYPE_PRICE,
    change_gain,
    cluster_effect,
    exact_theta,
    nested_effect,
)
from cx_analytics.attribute.hazard import Term
from cx_analytics.attribute.period import Period
from cx_analytics.attribute.scoring import Given, Scorer

LEAST_CUSTOMERS = 4
LEAST_RATIO, LEAST_RATIO_PAIR, LEAST_RATIO_CLOSED = 1.15, 1.4, 1.5
PLAIN = 20.0
"""With so many nats a conjunction or a window of days needs no larger ratio than a single value."""
FRAILTY = 1.5
"""Shape k of the gamma frailty between customers: their rates vary by 1/sqrt(k) = 82 %."""
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
        least = LEAST_RATIO if self.evidence >= PLAIN else self.least_ratio
        return self.customers >= LEAST_CUSTOMERS and self.ratio >= least


@dataclass
class Assessor:
    """Judges candidates of one period; holds what every judgement needs.

    `event` numbers the unit and moment of each fault: what is told twice says nothing new.
    """

    period: Period
    scorer: Scorer
    customer: Ints = field(init=False)
    customer_faults: Floats = field(init=False)
    customer_exposure: Floats = field(init=False)
    event: Ints = field(init=False)

    def __post_init__(self) -> None:
        period = self.period
        column = period.counts.columns["customer_id"]
        self.customer = column.codes[period.faults]
        self.customer_faults = _tally(self.customer, len(column.levels))
        self.customer_exposure = period.cells.customer_sessions[:, period.first : period.last].sum(
            axis=1
        )
        self._children = _children(period)
        self.event = _events(period)

    def assess(self, term: Term, given: Given) -> Assessment:
        """Judge a term against hazards that do not hold it."""
        period, typical = self.period, given.typical
        own = term.faults(period)
        exposure = term.sessions(period)
        level, left = given.spread.of(np.zeros(len(own), dtype=np.int64), own, np.array([exposure]))
        rate = given.rate + (float(level[0]) - 1.0) * given.level
        kind, weight = period.kind[own], 1.0 / rate[own]
        theta, gain, counted = self._shape(kind, weight, exposure, typical)
        inside = own[counted[kind]]
        added = rate[inside] + theta[period.kind[inside]]
        score = typical[period.kind[inside]] / added
        expected = float((rate[inside] / added).sum())
        scale = float(typical[counted].sum())
        clustered = max(
            self._clusters(inside, score, scale * (term.last - term.first) / period.days),
            self._nested(term, inside, score, scale),
        )
        variance = float(left[0]) + float(given.spread.rest[term.cell])
        noise = 1.0 + variance * exposure * float(typical.sum())
        change = self._change(term, given, counted)
        worth = max(gain / max(clustered, noise), min(change, gain) / clustered)
        first, last = np.array([term.first]), np.array([term.last])
        price = self.scorer.price[term.cell] + self.scorer.window_price(first, last)[0]
        price -= given.rebate
        return Assessment(
            term=term,
            theta=theta,
            gain=gain,
            effect=gain / worth if worth > 0 else max(clustered, noise),
            price=float(price),
            ratio=len(inside) / max(expected, 1e-9),
            customers=len(np.unique(self.customer[inside])),
            least_ratio=self._least_ratio(term),
        )

    def _shape(
        self, kind: Ints, weight: Floats, exposure: float, typical: Floats
    ) -> tuple[Floats, float, Bools]:
        """Theta by type, L, and which types count: each on its own, or all raised alike."""
        types = self.period.types
        theta, gain = np.zeros(types), np.zeros(types)
        for t in np.flatnonzero(np.bincount(kind, weight, minlength=types) > exposure):
            theta[t], gain[t] = exact_theta(weight[kind == t], exposure)
        own = float(np.maximum(gain - TYPE_PRICE, 0.0).sum())
        mix = typical / max(float(typical.sum()), 1e-12)
        level, alike = exact_theta(weight * mix[kind], exposure)
        if alike - TYPE_PRICE > own:
            return level * mix, alike - TYPE_PRICE, np.ones(types, dtype=bool)
        return np.where(gain > ACTIVE_GAIN, theta, 0.0), own, gain > TYPE_PRICE

    def _change(self, term: Term, given: Given, counted: Bools) -> float:
        """What the window gains over a cell that was always like this; 0 for all days.

        Only of day windows, on the types that count.
        """
        period = self.period
        if term.last - term.first == period.days or not counted.any():
            return 0.0
        tally = np.zeros(period.days)
        own = period.members(term.cell)
        own = own[counted[period.kind[own]]]
        np.add.at(tally, period.day[own], (given.level / given.rate)[own])
        calm = np.diff(period.exposure[term.cell]) * given.by_day
        inside = np.zeros(period.days, dtype=bool)
        inside[term.first : term.last] = True
        sums = [np.array([v[w].sum()]) for w in (inside, ~inside) for v in (tally, calm)]
        if sums[3][0] <= 0:
            return 0.0
        return max(0.0, float(change_gain(*sums)[0]) - TYPE_PRICE)

    def _clusters(self, inside: Ints, score: Floats, scale: float) -> float:
        """Clustering in customers beyond what their sessions lead one to expect.

        At least that of gamma frailty: 1 + mu / k with mu the faults that the customer of the
        average fault was expected to have here; and at least that of events told several times
        (one unit, one moment): data that are doubled say nothing new.
        """
        customer = self.customer[inside]
        here = _tally(customer, len(self.customer_faults))
        part = here / np.maximum(self.customer_faults, 1.0)
        expected = self.customer_exposure * part * scale
        frailty = float((here * expected).sum()) / max(len(inside), 1) / FRAILTY
        effect = max(cluster_effect(score, customer, expected), 1.0 + frailty)
        return max(effect, cluster_effect(score, self.event[inside]))

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


def _tally(cluster: Ints, size: int) -> Floats:
    """Faults by cluster; -1 belongs to none."""
    return np.bincount(cluster[cluster >= 0], minlength=size).astype(float)


def _events(period: Period) -> Ints:
    """A number for each unit and moment (customer, where the unit is not known)."""
    columns = period.counts.columns
    who = period.codes("unit_id") if "unit_id" in columns else np.full(len(period.kind), -1)
    who = np.where(who >= 0, who, -2 - period.codes("customer_id"))
    moment = period.counts.rows["started_at"].cast(pl.Int64).to_numpy()[period.faults]
    pairs = np.stack([who, moment], axis=1)
    return np.asarray(np.unique(pairs, axis=0, return_inverse=True)[1].ravel(), dtype=np.int64)


def _children(period: Period) -> dict[str, tuple[str, ...]]:
    """Attribute -> attributes nested in it whose exposure is known."""
    found: dict[str, list[str]] = {}
    for child, parents in sorted(period.cells.nested.items()):
        for parent in parents:
            if child in period.counts.values and parent not in (child,):
                found.setdefault(parent, []).append(child)
    return {parent: tuple(children) for parent, children in found.items()}
