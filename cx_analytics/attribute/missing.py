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

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from cx_analytics.attribute.counts import Bools, Floats, Ints
from cx_analytics.attribute.hazard import Hazard, Term
from cx_analytics.attribute.rare import LEAST, PRIOR, RARE, Foretold, Values

IDENTITIES = ("unit_id", "cell_id")
"""What attributes are joined through: without it nothing that hangs on it is known."""

OFTEN_KNOWN = 0.5
"""Where fewer have the value it does not exist there (no cell on Wi-Fi): it was not lost."""

WHO_AND_WHERE = ("customer_id", "unit_id", "cell_id")
"""What ties a fault that lost a value to those that have it."""

HARDLY = 1e-4
"""An individual with no larger share of the faults is looked for only among those tied to it.

That any other one is its own is less likely than this; and the pairs of all individuals with every
fault that lost a value would grow with the square of the sessions."""

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
    faults = [guess.matches(term) for term in hazard.terms]
    chances = guess.chances(hazard.terms, faults)
    none: Floats = np.zeros(0)
    return Lost(
        np.concatenate([none.astype(np.int64), *faults]),
        np.repeat(np.arange(len(faults)), [len(fault) for fault in faults]),
        np.concatenate([none, *chances]),
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
        self._lackings: dict[str, Ints] = {}
        self._shares: dict[str, Floats] = {}

    def matches(self, term: Term) -> Ints:
        """Faults inside the window that lack a value and meet the other conditions."""
        wanted = self._wanted(term)
        fault = np.unique(np.concatenate([self._candidates(term, *one) for one in wanted]))
        inside = self._inside(term, fault)
        for name, code in wanted:
            inside &= (self.codes[name][fault] == code) | self._is_lost(name)[fault]
        return fault[inside]

    def chances(self, terms: Sequence[Term], faults: Sequence[Ints]) -> list[Floats]:
        """The chance of each term at the faults that may be its."""
        chance = [np.ones(len(fault)) for fault in faults]
        asked: dict[str, dict[int, list[int]]] = {}
        for place, (term, fault) in enumerate(zip(terms, faults, strict=True)):
            for name, code in self._wanted(term) if len(fault) else ():
                if (self.codes[name][fault] < 0).any():
                    asked.setdefault(name, {}).setdefault(code, []).append(place)
        for name, values in sorted(asked.items()):
            absent = [self.codes[name][fault] < 0 for fault in faults]
            lack = {
                code: np.unique(np.concatenate([faults[n][absent[n]] for n in places]))
                for code, places in values.items()
            }
            for code, told in self._told(name, lack):
                for n in values[code]:
                    at = np.searchsorted(lack[code], faults[n][absent[n]])
                    chance[n][absent[n]] *= told[at]
        return chance

    def _told(self, name: str, lack: Mapping[int, Ints]) -> Iterator[tuple[int, Floats]]:
        """The chance of values of an attribute at the faults that lack them."""
        codes = self.codes[name]
        weight = np.where(codes >= 0, self.weight, 0.0)
        whole, listed = max(weight.sum(), 1e-9), np.array(sorted(lack))
        own = np.flatnonzero(np.isin(codes, listed))
        own = own[np.argsort(codes[own], kind="stable")]
        value = np.searchsorted(listed, codes[own])
        sums = [weight[part].sum() for part in np.split(own, np.flatnonzero(np.diff(value)) + 1)]
        share = np.zeros(len(listed))
        share[np.unique(value)] = sums[: len(own)]
        share = share / whole
        rare = share <= RARE
        for code in listed[~rare].tolist():
            yield code, self._chances(name, code)[lack[code]]
        if rare.any():
            kept = rare[value]
            values = Values(own[kept], (np.cumsum(rare) - 1)[value[kept]], share[rare], weight)
            names = [other for other in self.period.counts.names if other != name]
            columns = self.period.counts.columns
            foretold = Foretold(values, columns, self.codes, names, "customer_id")
            faults = {n: lack[code] for n, code in enumerate(listed[rare].tolist())}
            for n, chance in foretold.chances(faults).items():
                yield int(listed[rare][n]), chance

    def _wanted(self, term: Term) -> list[tuple[str, int]]:
        return [(name, self._code(name, value)) for name, value in self._conditions(term)]

    def _lacking(self, name: str) -> Ints:
        """The faults that have lost a value."""
        if name not in self._lackings:
            self._lackings[name] = np.flatnonzero(self._is_lost(name))
        return self._lackings[name]

    def _candidates(self, term: Term, name: str, code: int) -> Ints:
        """The faults that have lost a value and may have had this one."""
        lacking = self._lacking(name)
        alone = self.period.key(term.cell).individual
        if not alone or not len(lacking) or self._share(name, code) > HARDLY:
            return lacking
        own, tied = term.faults(self.period), np.zeros(len(lacking), dtype=bool)
        for other in WHO_AND_WHERE:
            if other != name and other in self.codes:
                known = self.codes[other][own]
                tied |= np.isin(self.codes[other][lacking], known[known >= 0])
        return np.asarray(lacking[tied])

    def _share(self, name: str, code: int) -> float:
        """A value's share of the weight of all faults that have one."""
        if name not in self._shares:
            here = self.codes[name] >= 0
            levels = len(self.period.counts.columns[name].levels)
            sums = np.bincount(self.codes[name][here], self.weight[here], minlength=levels)
            self._shares[name] = sums / max(sums.sum(), 1e-9)
        return float(self._shares[name][code])

    def _conditions(self, term: Term) -> tuple[tuple[str, str], ...]:
        return self.period.key(term.cell).conditions

    def _code(self, name: str, value: str) -> int:
        return self.period.counts.columns[name].place[value]

    def _inside(self, term: Term, fault: Ints) -> Bools:
        hours = self.period.key(term.cell).hours
        if hours is None:
            day = self.period.day[fault]
            return np.asarray((day >= term.first) & (day < term.last))
        hour = self.period.counts.hour[self.period.faults][fault]
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
    safe = np.clip(chance, LEAST, 1 - LEAST)
    return float((weight * np.where(is_value, np.log(safe), np.log(1 - safe))).sum())
