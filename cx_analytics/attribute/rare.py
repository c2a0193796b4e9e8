"""Chances of rare values at faults that lack them: of many values of an attribute at once.

What foretells a value best is the attribute with the largest leave-one-out likelihood, which is a
sum over all faults (missing.py). A rare value is another one's business at nearly all of them:
there its chance is Q / t, with Q the value's own and t the fault's, so that the sum of
w ln(1 - Q / t) = -sum over k of (Q^k / k) w t^-k is a few sums made once for all values. Only
where a value's own faults are, its sums are made one by one. So a thousand values do not look at
every fault a thousand times.

Belongs here: that likelihood, and the chances by what foretells best. Stays out: which faults lack
which values (missing.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from cx_analytics.attribute.counts import Coded, Floats, Ints, runs

PRIOR = 2.0
"""Faults that pull the share among few like ones towards the share among all."""
LEAST = 1e-6
"""A chance that is smaller, or nearer to 1, is taken for this one."""
RARE = 0.01
"""Share of the faults up to which a value is rare: the series then has few terms."""
TERMS = 8
SMALL = 64
"""Groups of so many faults are added up one by one."""
FAR = 50.0
"""Larger groups are, too, unless they have so many times the faults of the value."""


class Told:
    """Faults grouped by an attribute that may foretell another one.

    `weight` says how much each fault counts, at most 1; 0 where the other attribute is missing.
    """

    def __init__(self, column: Coded, codes: Ints, weight: Floats) -> None:
        self.codes, self.weight = codes, weight
        here = codes >= 0
        size = max(len(column.levels), 1)
        self.size: Floats = np.bincount(codes[here], weight[here], minlength=size).astype(float)
        self.around = np.where(here, self.size[codes] - weight, 0.0) + PRIOR
        """Of each fault, the weight of the others in its group, and the prior's."""
        order = np.argsort(codes, kind="stable")
        self._order = order[np.searchsorted(codes[order], 0) :]
        tally = np.bincount(codes[here], minlength=size)
        self._start = np.concatenate([[0], np.cumsum(tally)])
        self._sums = [
            np.bincount(codes[here], one[here], minlength=size)
            for one in _series(self.around, weight)
        ]
        self.known = np.where(here, self.size[codes], 0.0)
        """Of each fault, the weight of its group."""

    def members(self, groups: Ints) -> tuple[Ints, Ints]:
        """(position in `groups`, fault) of the faults of some groups."""
        return runs(self._start, self._order, groups)

    def near(self, faults: Ints) -> Ints:
        """The faults of the groups of some faults."""
        groups = np.unique(self.codes[faults])
        return self.members(groups[groups >= 0])[1]

    def met(self, own: Ints, faults: Ints) -> Floats:
        """Of some faults, the weight of the faults `own` in the group of each."""
        groups, place = np.unique(self.codes[own], return_inverse=True)
        sums = np.bincount(place, np.where(self.codes[own] >= 0, self.weight[own], 0.0))
        at = np.minimum(np.searchsorted(groups, self.codes[faults]), len(groups) - 1)
        return np.where(groups[at] == self.codes[faults], sums[at], 0.0)

    def others(self, groups: Ints, odds: Floats) -> Floats:
        """Sum of w ln(1 - odds / around) over the faults of each of some groups."""
        least, most = odds / (self.size[groups] + PRIOR), odds / (self.size[groups] + PRIOR - 1.0)
        tally = self._start[groups + 1] - self._start[groups]
        whole = (tally > SMALL) & (most * FAR <= 1.0) & ((least >= LEAST) | (most < LEAST))
        found = np.zeros(len(groups))
        one = np.flatnonzero(~whole)
        place, fault = self.members(groups[one])
        each = self.weight[fault] * _log_not(odds[one][place] / self.around[fault])
        found[one] = np.bincount(place, each, minlength=len(one))
        many = np.flatnonzero(whole)
        series = sum(
            (odds[many] ** k / k * sums[groups[many]] for k, sums in enumerate(self._sums, 1)),
            np.zeros(len(many)),
        )
        none = most[many] < LEAST
        found[many] = np.where(none, self.size[groups[many]] * np.log1p(-LEAST), -series)
        return found


@dataclass(frozen=True)
class _Calm:
    """Sum of w ln(1 - odds / around) over all faults, for any small odds."""

    around: Floats
    weight: Floats
    sums: tuple[Floats, ...]

    @classmethod
    def of(cls, around: Floats, weight: Floats) -> _Calm:
        order = np.argsort(around)
        around, weight = around[order], weight[order]
        sums = tuple(_before(one) for one in _series(around, weight))
        return cls(around, _before(weight), sums)

    def __call__(self, odds: Floats) -> Floats:
        last = np.searchsorted(self.around, odds / LEAST, side="right")
        series = sum(odds**k / k * sums[last] for k, sums in enumerate(self.sums, 1))
        return np.asarray((self.weight[-1] - self.weight[last]) * np.log1p(-LEAST) - series)


@dataclass(frozen=True)
class Values:
    """Some rare values of an attribute and their faults, value after value, each ascending.

    Attributes
    ----------
    fault, value : of each fault with one of the values, and the value's place.
    share : of each value, its share of all faults' weight.
    weight : of each fault of the period.
    """

    fault: Ints
    value: Ints
    share: Floats
    weight: Floats

    @property
    def own(self) -> Floats:
        """Weight of each fault with one of the values."""
        return self.weight[self.fault]

    def plain(self) -> Floats:
        """Log-likelihood of each value when nothing foretells it."""
        own = np.bincount(self.value, self.own, minlength=len(self.share))
        rest = float(self.weight.sum()) - own
        return np.asarray(own * _log(self.share) + rest * _log_not(self.share))

    def by(self, told: Told) -> Floats:
        """Log-likelihood of each value when an attribute foretells it, leaving each fault out."""
        count, levels = len(self.share), len(told.size)
        group = told.codes[self.fault]
        here = group >= 0
        key = self.value[here] * levels + group[here]
        pairs, at = np.unique(key, return_inverse=True)
        value, group = pairs // levels, pairs % levels
        own, odds = self.own[here], PRIOR * self.share
        met = np.bincount(at, own, minlength=len(pairs))
        with_value = met + odds[value]
        around = told.around[self.fault[here]]
        inside = told.others(group, with_value) - told.others(group, odds[value])
        each = own * (_log((with_value[at] - own) / around) - _log_not(with_value[at] / around))
        lone, alone = self.value[~here], self.own[~here]
        found = _Calm.of(told.around, told.weight)(odds)
        found += np.bincount(value, inside, minlength=count)
        found += np.bincount(self.value[here], each, minlength=count)
        odd = alone * (_log(self.share[lone]) - _log_not(self.share[lone]))
        return np.asarray(found + np.bincount(lone, odd, minlength=count))


class Foretold:
    """The chance of each of some values at faults that lack it.

    Parameters
    ----------
    values : the values.
    columns, codes : of each attribute, its column and its code at each fault.
    names : the attributes that may foretell them; `customer` is heard last.
    """

    def __init__(
        self,
        values: Values,
        columns: Mapping[str, Coded],
        codes: Mapping[str, Ints],
        names: Sequence[str],
        customer: str,
    ) -> None:
        self._values, self._columns, self._codes, self._names = values, columns, codes, names
        self._customer = self._told(customer)
        self._worth = values.plain()
        self._best = np.full(len(values.share), -1)
        for place, name in enumerate(names):
            worth = values.by(self._told(name))
            better = worth > self._worth
            self._best[better], self._worth[better] = place, worth[better]

    def _told(self, name: str) -> Told:
        return Told(self._columns[name], self._codes[name], self._values.weight)

    def chances(self, asked: Mapping[int, Ints]) -> dict[int, Floats]:
        """The chance of values, by their place, at some faults each."""
        found: dict[int, Floats] = {}
        for best in np.unique(self._best[list(asked)]).tolist():
            mine = [value for value in asked if self._best[value] == best]
            told = self._told(self._names[best]) if best >= 0 else None
            known = told.known if told else np.zeros(len(self._values.weight))
            both = (known + PRIOR) * self._customer.around
            odds = PRIOR * PRIOR * self._values.share[mine]
            calm = _Calm.of(both, self._values.weight)(odds)
            for value, rest in zip(mine, calm.tolist(), strict=True):
                found[value] = self._chance(value, told, both, rest, asked[value])
        return found

    def _chance(
        self, value: int, told: Told | None, both: Floats, rest: float, asked: Ints
    ) -> Floats:
        """Of one value, `rest` being the likelihood as if it had no faults."""
        values, customer = self._values, self._customer
        own = values.fault[slice(*np.searchsorted(values.value, [value, value + 1]))]
        share, groups = float(values.share[value]), [one for one in (told, customer) if one]
        near = np.unique(np.concatenate([own, *(one.near(own) for one in groups)]))
        weight, is_own = values.weight[near], np.isin(near, own)

        def prior(fault: Ints) -> Floats:
            if told is None:
                return np.full(len(fault), share)
            return (told.met(own, fault) + PRIOR * share) / (told.known[fault] + PRIOR)

        without = np.where(is_own & (customer.codes[near] >= 0), weight, 0.0)
        met = customer.met(own, near) - without
        out = (met + PRIOR * prior(near)) / customer.around[near]
        worth = rest + float(
            (weight * (np.where(is_own, _log(out), _log_not(out)))).sum()
            - (weight * _log_not(PRIOR * PRIOR * share / both[near])).sum()
        )
        before = prior(asked)
        if worth <= self._worth[value]:
            return before
        heard = customer.met(own, asked) + PRIOR * before
        return np.asarray(heard / (customer.known[asked] + PRIOR))


def _series(around: Floats, weight: Floats) -> Iterator[Floats]:
    """w / t, w / t^2, and so on."""
    each = weight
    for _ in range(TERMS):
        each = each / around
        yield each


def _before(values: Floats) -> Floats:
    """Running sums, from zero."""
    return np.concatenate([[0.0], np.cumsum(values)])


def _log(chance: Floats) -> Floats:
    return np.asarray(np.log(np.clip(chance, LEAST, 1 - LEAST)))


def _log_not(chance: Floats) -> Floats:
    return np.asarray(np.log(1 - np.clip(chance, LEAST, 1 - LEAST)))
