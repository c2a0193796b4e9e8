"""Faults that lack a value which a cause names: how likely it was the cause's.

A missing value never matches a condition, so such a fault belongs to no cell and no fit counts it
for a cause. Yet some of these faults are the cause's: of those that lost their app version, some
ran the bad one. The chance is that of the value among like faults which have it, so that
the shares of a fault may use it (values missing at random given what is known: Little & Rubin,
Statistical Analysis with Missing Data, 2002, section 1.3).

Belongs here: that chance, from fault rows alone. Stays out: the fit (hazard.py) and the shares
(responsibility.py).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cx_analytics.attribute.counts import Bools, Floats, Ints
from cx_analytics.attribute.hazard import Hazard, Term

IDENTITIES = ("unit_id", "cell_id")
"""What attributes are joined through: without it nothing that hangs on it is known."""

PRIOR = 2.0
"""Faults that pull the share among few like ones towards the share among all."""

OFTEN_KNOWN = 0.5
"""Where fewer have the value it does not exist there (no cell on Wi-Fi): it was not lost."""

FEWEST = 10
"""Faults from which on such a share is believed."""


@dataclass(frozen=True)
class Lost:
    """Faults that may belong to a term although a value is missing; `chance` that they do."""

    fault: Ints
    term: Ints
    chance: Floats


def lost(hazard: Hazard) -> Lost:
    """Every fault and term whose conditions hold but for values that the fault lacks."""
    guess = _Guess(hazard)
    found = [guess.matches(term) for term in hazard.terms]
    terms = np.repeat(np.arange(len(found)), [len(fault) for fault, _ in found])
    none: Floats = np.zeros(0)
    return Lost(
        np.concatenate([none.astype(np.int64), *(fault for fault, _ in found)]),
        terms,
        np.concatenate([none, *(chance for _, chance in found)]),
    )


class _Guess:
    """Chances of missing values, from the faults that have them.

    A fault weighs what the background explains of it: the faults that a cause makes would make
    its value look more used than it is.
    """

    def __init__(self, hazard: Hazard) -> None:
        self.period = hazard.period
        self.weight = hazard.level / hazard.rate
        columns = self.period.counts.columns
        self.codes = {name: self.period.codes(name) for name in columns}
        self._lost: dict[str, Bools] = {}

    def matches(self, term: Term) -> tuple[Ints, Floats]:
        """Faults inside the window that lack a value and meet the other conditions."""
        chance, lacks = np.ones(len(self.weight)), np.zeros(len(self.weight), dtype=bool)
        inside = self._inside(term)
        wanted = [(name, self._code(name, value)) for name, value in self._conditions(term)]
        for name, code in wanted:
            inside &= (self.codes[name] == code) | self._is_lost(name)
            lacks |= self.codes[name] < 0
        fault = np.flatnonzero(inside & lacks)
        for name, code in wanted if len(fault) else ():
            absent = self.codes[name][fault] < 0
            chance[fault[absent]] *= self._chances(name, code)[fault[absent]]
        return fault, chance[fault]

    def _conditions(self, term: Term) -> tuple[tuple[str, str], ...]:
        return self.period.key(term.cell).conditions

    def _code(self, name: str, value: str) -> int:
        return int(self.period.counts.columns[name].levels.index(value))

    def _inside(self, term: Term) -> Bools:
        hours = self.period.key(term.cell).hours
        if hours is None:
            return (self.period.day >= term.first) & (self.period.day < term.last)
        hour = self.period.counts.hour[self.period.faults]
        return np.asarray((hour >= hours[0]) & (hour < hours[1]))

    def _is_lost(self, name: str) -> Bools:
        """Where a value is missing by accident: not where its kind has none, nor unreported."""
        if name not in self._lost:
            through = self._through(name)
            absent = (self.codes[name] < 0) & (self.codes[through] < 0)
            self._lost[name] = absent & self._usual(through)
        return self._lost[name]

    def _through(self, name: str) -> str:
        """The identity that brings an attribute: it is always missing where that one is."""
        for identity in IDENTITIES:
            absent = self.codes.get(identity, np.zeros(0, dtype=np.int64)) < 0
            if absent.any() and (self.codes[name][absent] < 0).all():
                return identity
        return name

    def _usual(self, name: str) -> Bools:
        """Where most faults that are like this one in some attribute have a value."""
        known = self.codes[name] >= 0
        usual = np.ones(len(known), dtype=bool)
        for other in self.period.counts.names:
            codes = self.codes[other]
            here = codes >= 0
            total = np.bincount(codes[here])
            seldom = np.bincount(codes[here], known[here]) < OFTEN_KNOWN * total
            usual[here] &= ~(seldom & (total >= FEWEST))[codes[here]]
        return usual

    def _chances(self, name: str, code: int) -> Floats:
        """Chance of the value at every fault, by the attribute that foretells it best.

        The best is the one with the largest leave-one-out likelihood; then the faults of the
        same customer are heard.
        """
        known, is_value = self.codes[name] >= 0, self.codes[name] == code
        weight = np.where(known, self.weight, 0.0)
        overall = float(weight[is_value].sum() / max(weight.sum(), 1e-9))
        best = np.full(len(known), overall)
        worth = _likelihood(best, is_value, weight)
        for other in self.period.counts.names:
            if other != name:
                told, out = _told(self.codes[other], is_value, weight, np.full(len(known), overall))
                if (now := _likelihood(out, is_value, weight)) > worth:
                    best, worth = told, now
        told, out = _told(self.codes["customer_id"], is_value, weight, best)
        return told if _likelihood(out, is_value, weight) > worth else best


def _told(codes: Ints, is_value: Bools, weight: Floats, prior: Floats) -> tuple[Floats, Floats]:
    """Share of the value among faults of the same code, with and without the fault itself."""
    here = codes >= 0
    size = int(codes.max(initial=0)) + 1
    all_of = np.bincount(codes[here], weight[here], minlength=size)
    with_it = np.bincount(codes[here], (weight * is_value)[here], minlength=size)
    of, with_value = np.where(here, all_of[codes], 0.0), np.where(here, with_it[codes], 0.0)
    told = (with_value + PRIOR * prior) / (of + PRIOR)
    own = np.where(here, weight, 0.0)
    return told, (with_value - own * is_value + PRIOR * prior) / (of - own + PRIOR)


def _likelihood(chance: Floats, is_value: Bools, weight: Floats) -> float:
    safe = np.clip(chance, 1e-6, 1 - 1e-6)
    return float((weight * np.where(is_value, np.log(safe), np.log(1 - safe))).sum())
