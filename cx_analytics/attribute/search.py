"""The search: which set of causes tells the shortest story about the faults.

Forward while the evidence is strong, then individuals, then forward to the end, then rounds
of swap, merge and drop. Belongs here: the order of moves. Stays out: what a move is worth.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import islice

import numpy as np

from cx_analytics.attribute.assess import Assessment, Assessor
from cx_analytics.attribute.counts import Floats, Ints
from cx_analytics.attribute.hazard import Hazard, Term
from cx_analytics.attribute.individuals import find_individuals
from cx_analytics.attribute.merging import merges
from cx_analytics.attribute.period import Period
from cx_analytics.attribute.scoring import Given, Place, Scorer

STRONG = 10.0
FINALISTS = 24
DISJOINT = 0.05
MAX_SHARED = 400
MAX_PASSES = 60
ALONE = 3.0
"""Nats beyond its price that a cause needs where none is strong: most worlds are healthy."""
SWAP_GAIN = 1.0
RIVAL_NATS = 6.0
RIVALS = 12
BEHIND = 0.25
"""By this part of its score the quick look at a cause of many nats may be wrong."""
SLACK = 3.0
"""So many nats may the exact score of a candidate be above the quick one."""
NEAR_NATS = 6.0
"""A candidate that misses its price by no more may be part of something narrower."""
ROUNDS = 3


@dataclass
class Search:
    """A search over one period.

    After `finish`, `hazard` is the fitted model; `judged` has the assessment of each
    shared term and `worth` the evidence of each individual, by term.
    """

    period: Period
    scorer: Scorer = field(init=False)
    assessor: Assessor = field(init=False)
    hazard: Hazard = field(init=False)
    judged: dict[Term, Assessment] = field(default_factory=dict)
    worth: dict[Term, float] = field(default_factory=dict)
    rivals: dict[Term, list[Assessment]] = field(default_factory=dict)
    _given: Given | None = None
    _scanned: tuple[object, list[Place]] | None = None
    """The model in which no candidate is a cause, and the candidates that came near."""
    _owned: frozenset[Term] | None = None
    """The shared terms for which the individuals were found."""

    def __post_init__(self) -> None:
        self.scorer = Scorer(self.period)
        self.assessor = Assessor(self.period, self.scorer)
        self.hazard = Hazard.empty(self.period)

    def draft(self, start: Sequence[Term] = ()) -> Search:
        """Search forward from the terms of `start`: what there is, but in its final words not yet.

        A draft says which cells are worth counting; `settle` goes on from there.
        """
        if self._empty:
            return self
        self._warm(start)
        self._learn_noise()
        self._forward(STRONG)
        self._learn_noise()
        self._individuals()
        self._forward(0.0)
        return self

    def inherit(self, other: Search) -> Search:
        """Start from a search of the same days that knew fewer cells; it is not held on to."""
        if self._empty:
            return self
        here = np.array([self.period.place[key] for key in other.period.place], dtype=np.int64)
        same = {t: replace(t, cell=int(here[t.cell])) for t in other.hazard.terms}
        self.scorer.inherit(other.scorer, here)
        before = other.hazard
        self.hazard = Hazard(self.period, list(same.values()), before.theta, before.background)
        self.worth = {same[term]: worth for term, worth in other.worth.items()}
        self.judged = {same[t]: replace(one, term=same[t]) for t, one in other.judged.items()}
        if other._owned == frozenset(other._shared_terms()):
            self._owned = frozenset(self._shared_terms())
        return self

    def resume(self) -> Search:
        """Go on from what was inherited, and settle."""
        if self._empty:
            return self
        self._open()
        self._forward(0.0)
        return self.settle()

    def _open(self) -> None:
        """Let shared causes bring all types of faults again, also those that gained too little."""
        theta = self.hazard.theta.copy()
        for place in self._shared():
            first = self._first_theta(self.hazard.terms[place])
            theta[place] = np.where(theta[place] > 0, theta[place], first)
        self.hazard = self.hazard.with_terms(self.hazard.terms, theta).fit(rounds=60)

    def settle(self) -> Search:
        """Swap, merge and drop causes until they stay."""
        if self._empty:
            return self
        for _ in range(ROUNDS):
            before = self._shared_terms()
            self._learn_noise()
            self._refine()
            self._individuals()
            self._forward(0.0)
            if before == self._shared_terms():
                break
        return self

    def finish(self) -> Search:
        """Fit everything to the end."""
        if self._empty:
            return self
        self.hazard.fit(rounds=200, tolerance=1e-6)
        self._judge_all()
        if self.judged and not self._strong():
            self._drop_weak(ALONE)
        return self

    @property
    def _empty(self) -> bool:
        return not len(self.period.kind) or not len(self.period.cell)

    @property
    def typical(self) -> Floats:
        """Mean background hazard of each type."""
        share = self.hazard.level / self.hazard.rate
        sums = np.bincount(self.period.kind, share, minlength=self.period.types)
        return np.asarray(sums / max(self.period.sessions, 1.0), dtype=np.float64)

    def given(self) -> Given:
        """What candidates are judged against: the model as it is."""
        if self._given is None or self._given.rate is not self.hazard.rate:
            self._given = self._judged_against()
        return replace(self._given, known=self._strong())

    def _judged_against(self) -> Given:
        period, hazard, typical = self.period, self.hazard, self.typical
        calm = np.bincount(period.day, hazard.level / hazard.rate, minlength=period.days)
        sessions = period.counts.sessions[period.first : period.last]
        by_day = (calm + 1.0) / np.maximum(sessions * typical.sum() + 1.0, 1.0)
        spread = self.scorer.sources.spread(hazard.rate, typical)
        return Given(hazard.rate, hazard.level, typical, by_day, spread, 0)

    def _learn_noise(self) -> None:
        """Which attributes are noisy, now that the causes in the model are known."""
        self.scorer.sources.choose(self.hazard.rate, self.typical)
        self._given = None

    def _strong(self) -> int:
        """Shared causes in the model that need no rebate to be believed."""
        return sum(one.evidence > STRONG for one in self.judged.values())

    def near_misses(self) -> list[Place]:
        """The best candidates that were not accepted, incidents left aside."""
        places = self._scanned[1] if self._scanned else []
        return [place for place in places if not self.scorer.incident[place.cell]]

    # -- moves ---------------------------------------------------------------------------

    def _warm(self, start: Sequence[Term]) -> None:
        usable = [term for term in start if len(term.faults(self.period))]
        if not usable:
            return
        theta = np.array([self._first_theta(term) for term in usable])
        self.hazard = self.hazard.plus(usable, theta).fit(rounds=60)
        self._judge_all()

    def _first_theta(self, term: Term) -> Floats:
        own = term.faults(self.period)
        tally = np.bincount(self.period.kind[own], minlength=self.period.types)
        sessions = max(term.sessions(self.period), 1.0)
        return np.asarray(0.5 * tally / sessions, dtype=np.float64)

    def _forward(self, least: float) -> None:
        """Take in the best new causes until none is left; not again for a model that has none."""
        for _ in range(MAX_PASSES):
            model = frozenset(self.hazard.terms), self.scorer.sources.names
            if self._scanned is not None and self._scanned[0] == model:
                return
            given = self.given()
            places = self.scorer.places(given, least - NEAR_NATS)
            found = self._chosen(places, given, least)
            if not found and not least:
                self._scanned = model, places
            if not found or len(self.judged) > MAX_SHARED:
                return
            theta = np.array([one.theta for one in found])
            self.hazard = self.hazard.plus([one.term for one in found], theta).fit(rounds=25)
            self.judged |= {one.term: one for one in found}

    def _chosen(self, places: list[Place], given: Given, least: float) -> list[Assessment]:
        """The best new cause, and others that share next to no fault with it."""
        known = {(term.cell, term.first, term.last) for term in self.hazard.terms}
        new = (p for p in places if p.score > least - SLACK and p[:3] not in known)
        terms = [Term(p.cell, p.first, p.last) for p in islice(new, 10 * FINALISTS)]
        judged: list[Assessment] = []
        taken = np.zeros(len(self.period.kind), dtype=bool)
        chosen: list[Assessment] = []
        for begin in range(0, len(terms), FINALISTS):
            part = terms[begin : begin + FINALISTS]
            judged = [self.assessor.assess(term, given) for term in part]
            for one in self._ranked(judged, least):
                own = one.term.faults(self.period)
                if taken[own].mean() <= DISJOINT:
                    chosen.append(one)
                    taken[own] = True
            if chosen:
                break
        return chosen

    def _ranked(self, judged: list[Assessment], least: float) -> list[Assessment]:
        """Acceptable candidates, the best under the common design effect of the strongest."""
        good = [one for one in judged if one.acceptable and one.evidence > least]
        if not good:
            return []
        common = max(good, key=lambda one: one.evidence).effect
        return sorted(good, key=lambda one: (-one.evidence_under(common), one.term.cell))

    def _individuals(self) -> None:
        """Find the individuals anew, given the shared causes in the model.

        The first time twice: what they explain makes the background lower and customers more equal.
        Not again for the same shared causes.
        """
        shared_terms = frozenset(self._shared_terms())
        if self._owned == shared_terms:
            return
        self._owned = shared_terms
        individual = self.scorer.individual
        for _ in range(1 if self.worth else 2):
            found = find_individuals(self.hazard, self.assessor, self.typical)
            before = [n for n, term in enumerate(self.hazard.terms) if individual[term.cell]]
            theta = np.array([one.theta for one in found]).reshape(-1, self.period.types)
            shared = self.hazard.without(before)
            self.hazard = shared.plus([one.term for one in found], theta).fit(rounds=25)
            self.worth = {one.term: one.evidence for one in found}
            if not found:
                return

    def _refine(self) -> None:
        """One round of swap, merge and drop."""
        self._judge_all()
        self._swap_all()
        self._merge_all()
        self._drop_weak()

    def _shared_terms(self) -> list[Term]:
        return [self.hazard.terms[n] for n in self._shared()]

    def _shared(self) -> list[int]:
        individual = self.scorer.individual
        return [n for n, term in enumerate(self.hazard.terms) if not individual[term.cell]]

    def _rate_without(self, *places: int) -> Floats:
        rate = self.hazard.rate.copy()
        for place in places:
            own = self.hazard.terms[place].faults(self.period)
            rate[own] -= self.hazard.theta[place][self.period.kind[own]]
        return np.asarray(np.maximum(rate, self.hazard.level), dtype=float)

    def _judge_all(self) -> None:
        given = self.given()
        self.judged = {}
        for place in self._shared():
            term = self.hazard.terms[place]
            alone = given.without(self._rate_without(place))
            self.judged[term] = self.assessor.assess(term, alone)

    def _drop_weak(self, least: float = 0.0) -> None:
        """Drop what no longer earns its price and `least`, weakest first, refitting after each."""
        while True:
            self._judge_all()
            weak = [
                (one.evidence, place)
                for place in self._shared()
                if not (one := self.judged[self.hazard.terms[place]]).acceptable
                or one.evidence <= least
            ]
            if not weak:
                return
            self.hazard = self.hazard.without([min(weak)[1]]).fit(rounds=25)

    def _swap_all(self) -> None:
        """Replace a cause by a rival that tells the same faults better, or more simply."""
        given = self.given()
        for place in self._shared():
            term = self.hazard.terms[place]
            alone = given.without(self._rate_without(place))
            own = self.assessor.assess(term, alone)
            others = self._rivals(own, alone)
            best = self._better(own, others, place)
            self.rivals[best.term] = [
                one
                for one in [own, *others]
                if one.term != best.term
                and one.evidence_under(best.effect) > best.evidence_under(best.effect) - RIVAL_NATS
            ]
            if best.term != term:
                terms = list(self.hazard.terms)
                theta = self.hazard.theta.copy()
                terms[place], theta[place] = best.term, best.theta
                self.hazard = self.hazard.with_terms(terms, theta).fit(rounds=25)

    def _merge_all(self) -> None:
        """Replace pieces by the one cause that they are pieces of, where that is shorter."""
        while (found := self._merge()) is not None:
            whole, places = found
            slim = self.hazard.without(places)
            self.hazard = slim.plus([whole.term], whole.theta[None, :]).fit(rounds=25)

    def _merge(self) -> tuple[Assessment, list[int]] | None:
        given, terms = self.given(), self.hazard.terms
        _, place, share = self.hazard.responsibilities()
        explained = np.split(share, np.searchsorted(place, np.arange(1, len(terms))))
        for candidate, places in merges(self.period, terms, self._shared(), explained):
            rest = given.without(self._rate_without(*places))
            whole = self.assessor.assess(candidate, rest)
            windows = all(terms[n].cell == candidate.cell for n in places)
            pieces, effect = self._worth(places, rest, whole.effect if windows else None)
            fair = whole.evidence_under(min(effect, whole.effect))
            if whole.acceptable and whole.evidence > 0 and fair > pieces:
                return whole, places
        return None

    def _worth(self, places: list[int], rest: Given, effect: float | None) -> tuple[float, float]:
        """Evidence of some causes together, one given the other, and their design effect.

        Windows of one cell stand under that of the whole, which grows with size. Children of a
        parent stand under their own, and the parent is ranked beside them under theirs: what
        makes a large cell hard to believe does not make its parts more likely.
        """
        worth = gain = told = 0.0
        rate = rest.rate
        for place in places:
            one = self.assessor.assess(self.hazard.terms[place], rest.without(rate))
            own_effect = one.effect if effect is None else effect
            worth += one.evidence_under(own_effect)
            gain += one.gain
            told += one.gain / max(own_effect, 1e-9)
            own = self.hazard.terms[place].faults(self.period)
            rate = rate.copy()
            rate[own] += self.hazard.theta[place][self.period.kind[own]]
        return worth, gain / max(told, 1e-9)

    def _better(self, own: Assessment, others: list[Assessment], place: int) -> Assessment:
        known = set(self.hazard.terms)
        best = own
        for one in others:
            if one.term in known or not one.acceptable or one.evidence <= 0:
                continue
            common = max(own.effect, 1.0)
            gain = one.evidence_under(common) - best.evidence_under(common)
            if gain > SWAP_GAIN or (not own.acceptable or own.evidence <= 0):
                best = one
        return best

    def _rivals(self, one: Assessment, given: Given) -> list[Assessment]:
        """Cells that share many faults with a cause, each in its best window.

        Those far behind at first look are no rivals.
        """
        own = one.term.faults(self.period)
        shared, size = self.period.shared(own), self.period.size
        near = (shared > 0.5 * len(own)) | ((shared > 0.6 * size) & (shared > 0.2 * len(own)))
        cells: Ints = np.flatnonzero(near & ~self.scorer.individual)
        places = self.scorer.places_of(cells, given, -np.inf)
        mine = next((p.score for p in places if p.cell == one.term.cell), -np.inf)
        behind = max(one.effect * (RIVAL_NATS + SLACK), BEHIND * abs(mine))
        close = [Term(*p[:3]) for p in places[:RIVALS] if p.score > mine - behind]
        return [self.assessor.assess(term, given) for term in close if term != one.term]
