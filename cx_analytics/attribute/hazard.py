"""The hazard model: background plus additive causes, fitted by EM on fault rows.

lam_i = b(stratum, hour, day) + sum_c theta_c 1[i in c], one model per fault type. The
log-likelihood of the superposed Poisson processes is sum_i ln lam_i - B - sum_c theta_c E_c:
exposure enters through one number a cause (Daley & Vere-Jones, An Introduction to the Theory
of Point Processes, for the likelihood of a Poisson process; EM for a superposition as in
Dempster, Laird & Rubin 1977: the source of each fault is the missing datum).

Belongs here: fitting a given set of causes. Stays out: choosing them (search.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from cx_analytics.attribute.background import Background
from cx_analytics.attribute.counts import Floats, Ints
from cx_analytics.attribute.period import Period


@dataclass(frozen=True)
class Term:
    """A cause in a fit: a cell on the days first <= day < last of the period."""

    cell: int
    first: int
    last: int

    def faults(self, period: Period) -> Ints:
        return period.members(self.cell, self.first, self.last)

    def edges(self, period: Period) -> tuple[int | None, int | None]:
        """First and last as days of the run; None where it is the edge of the period."""
        first = None if self.first == 0 else self.first + period.first
        return first, None if self.last == period.days else self.last + period.first

    def sessions(self, period: Period) -> float:
        run = period.exposure[self.cell]
        return float(run[self.last] - run[self.first])


@dataclass
class Hazard:
    """A fitted set of terms.

    Attributes
    ----------
    terms : the causes in the model.
    theta : excess hazard by (term, type), faults per session.
    background : the fitted background.
    level : background hazard of each fault's session, own type.
    rate : total hazard of each fault's session, own type.
    """

    period: Period
    terms: list[Term]
    theta: Floats
    background: Background
    level: Floats = field(init=False)
    rate: Floats = field(init=False)

    @classmethod
    def empty(cls, period: Period) -> Hazard:
        """Background only."""
        hazard = cls(period, [], np.zeros((0, period.types)), Background.start(period))
        return hazard.fit(rounds=12)

    def __post_init__(self) -> None:
        self._index()

    def _index(self) -> None:
        members = [term.faults(self.period) for term in self.terms]
        none = np.zeros(0, dtype=np.int64)
        self._fault = np.concatenate([none, *members])
        self._term = np.repeat(np.arange(len(members)), [len(m) for m in members])
        self._key = self._term * self.period.types + self.period.kind[self._fault]
        exposure = np.array([term.sessions(self.period) for term in self.terms])
        self._exposure = np.maximum(exposure, 1e-9)
        self._refresh()

    def _refresh(self) -> None:
        self.level = self.background.level(self.period)
        part = self.theta.reshape(-1)[self._key]
        self.rate = self.level + np.bincount(self._fault, part, minlength=len(self.level))

    def fit(self, rounds: int = 40, tolerance: float = 1e-5) -> Hazard:
        """EM in place until the hazards move by less than `tolerance`, relatively."""
        if not len(self.period.kind):
            return self
        for _ in range(rounds):
            before = self.rate
            share = self.theta.reshape(-1)[self._key] / self.rate[self._fault]
            sums = np.bincount(self._key, share, minlength=self.theta.size)
            if len(self.terms):
                self.theta = sums.reshape(self.theta.shape) / self._exposure[:, None]
            self.background = self.background.improved(self.period, self.level / self.rate)
            self._refresh()
            if np.max(np.abs(self.rate / before - 1.0)) < tolerance:
                break
        return self

    def with_terms(self, terms: Sequence[Term], theta: Floats) -> Hazard:
        """Another set of terms from starting values, with this background as a start."""
        return Hazard(self.period, list(terms), np.array(theta), self.background)

    def plus(self, terms: Sequence[Term], theta: Floats) -> Hazard:
        """This model with further terms (theta of shape (terms, types))."""
        return self.with_terms([*self.terms, *terms], np.concatenate([self.theta, theta]))

    def without(self, places: Sequence[int]) -> Hazard:
        """This model without some of its terms; nothing is refitted."""
        keep = [n for n in range(len(self.terms)) if n not in set(places)]
        return self.with_terms([self.terms[n] for n in keep], self.theta[keep])

    def responsibilities(self) -> tuple[Ints, Ints, Floats]:
        """(fault, term, share) of every fault and term that may explain it."""
        share = self.theta.reshape(-1)[self._key] / self.rate[self._fault]
        return self._fault, self._term, share

    def explained(self) -> Floats:
        """Faults that each term explains: the sum of its shares."""
        _, term, share = self.responsibilities()
        return np.asarray(np.bincount(term, share, minlength=len(self.terms)), dtype=float)
