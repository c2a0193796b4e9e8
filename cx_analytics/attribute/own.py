"""Own trouble: how likely a unit, a customer or a customer at one place fails on its own.

A customer's faults come from the background times the customer's frailty z, from shared causes,
and perhaps from one trouble of the customer's own: a scope s (a unit, the customer, the customer
at a cell) whose sessions have an excess hazard theta with a mix of fault types m. Against none,

    ratio(s, theta) = E_z[ prod_{i in s} (1 + theta m(type i) / (z b_i + a_i)) ] exp(-theta E_s)

with background b, shared causes a and exposure E, and z distributed as the customer's faults say
without trouble of their own. How many have such a trouble, how strong it is and which types it
brings is learned from all customers at once: theta lies on a grid with free weights for each kind
of scope (non-parametric maximum likelihood of a mixture: Laird, JASA 73, 1978; empirical Bayes:
Robbins 1956), by EM. Prior odds are in proportion to a scope's sessions. The posterior of no
trouble is a local false-discovery rate (Efron et al., JASA 96, 2001).

Types: a kind's mix m is learned as well, and each scope leans on its own earlier faults (Pólya's
urn, which is a Dirichlet prior) by a concentration that is learned too: where broken units all
fail in the same way it is large, where each fails in its own way it is small.

Belongs here: the mixture on arrays. Stays out: which scopes are looked at, and what becomes of
them (individuals.py).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from cx_analytics.attribute.counts import Floats, Ints

STRENGTHS: Floats = np.exp(np.linspace(np.log(3.0), np.log(120.0), 12))
"""Excess hazards that are considered, in typical hazards of a session."""

CONCENTRATIONS = (3.0, 20.0, 300.0)
"""How many faults a kind's mix of types counts against those of one scope."""

ROUNDS = 10
FIRST_NUMBER = 10.0
SMOOTHING = (0.1, 0.2, 0.4, 0.2, 0.1)
FEWEST_OWN = 0.05
"""Troubles of each kind that are expected before any is seen."""
MIX_FAULTS = 6.0
"""Faults of the background's mix that a kind's mix begins with."""
LEAST_SEEN = 0.25
"""A trouble that would be seen with a smaller chance counts as if it had this one."""
CHUNK = 10_000


@dataclass(frozen=True)
class Scopes:
    """Scopes that may have a trouble of their own, and their faults.

    Attributes
    ----------
    kind : number of the kind of each scope.
    exposure : sessions of each scope.
    customer : the customer of each scope: of several the one with most of its faults.
    fewest : faults from which on a scope is looked at.
    owner, person : scope and customer of each fault of a scope (an entry each), in order of both.
    types : fault type of each entry, `size` many in all.
    level, added : background hazard and that of shared causes at each entry.
    """

    kind: Ints
    exposure: Floats
    customer: Ints
    fewest: int
    owner: Ints
    person: Ints
    types: Ints
    size: int
    level: Floats
    added: Floats


@dataclass
class OwnTrouble:
    """The mixture, fitted to some scopes.

    Parameters
    ----------
    scopes : what is looked at.
    frailty, grid : posterior of z without own trouble by customer (rows; the last one is for those
        of whom nothing is known), on its grid.
    typical : mean background hazard of each type.
    sessions : of all customers.

    Attributes
    ----------
    odds_ : log odds of each scope against no own trouble of its customer.
    any_ : log odds of any own trouble of each scope's customer.
    told_ : log-likelihood of all customers against none having trouble, in nats.
    mixes_ : mix of types of each kind.
    number_ : expected number of troubles by kind and strength.
    """

    scopes: Scopes
    frailty: Floats
    grid: Floats
    typical: Floats
    sessions: float
    odds_: Floats = field(init=False)
    any_: Floats = field(init=False)
    told_: float = field(init=False)
    mixes_: Floats = field(init=False)
    number_: Floats = field(init=False)

    def fit(self) -> OwnTrouble:
        """EM over number, strength and mix; the concentration is chosen once the rest is known."""
        scopes = self.scopes
        kinds = int(scopes.kind.max(initial=0)) + 1
        usual = float(self.typical.sum())
        self.mixes_ = np.tile(0.5 * self.typical / usual + 0.5 / scopes.size, (kinds, 1))
        self.number_ = np.full((kinds, len(STRENGTHS)), FIRST_NUMBER / len(STRENGTHS))
        concentration, seen = CONCENTRATIONS[1], self._seen(usual)
        for number in range(ROUNDS):
            if number == ROUNDS // 2:
                concentration = max(CONCENTRATIONS, key=self._told)
            weight = self._weigh(self._ratios(concentration), self.number_[scopes.kind])
            self._learn(weight, seen, concentration)
        ratios = self._ratios(concentration)
        weight = self._weigh(ratios, self.number_[scopes.kind])
        self._weigh(ratios, self._without_oneself(weight / seen))
        self.told_ = self._sum()
        return self

    def _told(self, concentration: float) -> float:
        """The log-likelihood under this concentration."""
        self._weigh(self._ratios(concentration), self.number_[self.scopes.kind])
        return self._sum()

    def _sum(self) -> float:
        """The log-likelihood of all customers, against none having trouble."""
        first = np.unique(self.scopes.customer, return_index=True)[1]
        return float(np.logaddexp(0.0, self.any_[first]).sum())

    def _weigh(self, ratios: Floats, number: Floats) -> Floats:
        """Posterior of each scope and strength; `odds_` and `any_` on the way."""
        scopes = self.scopes
        prior = np.log(scopes.exposure / max(self.sessions, 1.0))[:, None]
        log_odds = np.log(number) + prior + ratios
        self.odds_ = np.logaddexp.reduce(log_odds, axis=1)
        group = self._groups()
        total = np.full(int(group.max(initial=-1)) + 1, -np.inf)
        np.logaddexp.at(total, group, self.odds_)
        self.any_ = total[group]
        return np.asarray(np.exp(log_odds - np.logaddexp(0.0, self.any_)[:, None]))

    def _groups(self) -> Ints:
        """A number of each scope's customer, from 0."""
        return np.asarray(np.unique(self.scopes.customer, return_inverse=True)[1], dtype=np.int64)

    def _without_oneself(self, weight: Floats) -> Floats:
        """The numbers for each scope as the other customers tell them: none is its own witness."""
        group, kind = self._groups(), self.scopes.kind
        size = (int(group.max(initial=-1)) + 1, *self.number_.shape)
        own = np.zeros(size)
        np.add.at(own, (group, kind), weight)
        number = np.maximum(own.sum(axis=0) - own, 0.0)
        return np.asarray(_numbers(number)[group, kind])

    def _ratios(self, concentration: float) -> Floats:
        """Log likelihood ratio of each scope and strength."""
        scopes = self.scopes
        theta = STRENGTHS * self.typical.sum()
        mix = self._mix(concentration)
        pair = np.flatnonzero(
            np.diff(scopes.owner, prepend=-1) | np.diff(scopes.person, prepend=-2)
        )
        found = np.empty((len(pair), len(theta)))
        ends = np.append(pair[1:], len(scopes.owner))
        begin = 0
        while begin < len(pair):
            stop = max(begin + 1, int(np.searchsorted(ends, pair[begin] + CHUNK, side="right")))
            rows = slice(pair[begin], ends[stop - 1])
            usual = self.grid * scopes.level[rows, None] + scopes.added[rows, None]
            part = (mix[rows, None] / usual)[:, None, :] * theta[None, :, None]
            gain = np.add.reduceat(np.log1p(part), pair[begin:stop] - pair[begin], axis=0)
            weight = self.frailty[scopes.person[pair[begin:stop]]]
            top = gain.max(axis=2, keepdims=True)
            mean = (np.exp(gain - top) * weight[:, None, :]).sum(axis=2)
            found[begin:stop] = np.log(np.maximum(mean, 1e-300)) + top[:, :, 0]
            begin = stop
        ratio = np.zeros((len(scopes.kind), len(theta)))
        np.add.at(ratio, scopes.owner[pair], found)
        return np.asarray(ratio - theta[None, :] * scopes.exposure[:, None])

    def _mix(self, concentration: float) -> Floats:
        """The chance of each entry's type in its scope, given the scope's earlier entries."""
        scopes = self.scopes
        before, same = _earlier(scopes.owner), _earlier(scopes.owner * scopes.size + scopes.types)
        usual = self.mixes_[scopes.kind[scopes.owner], scopes.types]
        return np.asarray((concentration * usual + same) / (concentration + before))

    def _learn(self, weight: Floats, seen: Floats, concentration: float) -> None:
        """Numbers, strengths and mixes from the posterior."""
        scopes, kinds = self.scopes, len(self.number_)
        number = np.zeros_like(self.number_)
        np.add.at(number, scopes.kind, weight / seen)
        self.number_ = _numbers(number)
        chance = weight.sum(axis=1)
        theta = weight @ STRENGTHS * self.typical.sum() / np.maximum(chance, 1e-300)
        own = theta[scopes.owner] * self._mix(concentration)
        share = chance[scopes.owner] * own / (own + scopes.level + scopes.added)
        mixes = np.tile(MIX_FAULTS * self.typical / self.typical.sum(), (kinds, 1))
        np.add.at(mixes, (scopes.kind[scopes.owner], scopes.types), share)
        self.mixes_ = mixes / mixes.sum(axis=1, keepdims=True)

    def _seen(self, usual: float) -> Floats:
        """The chance that a scope with a trouble of this strength has enough faults to be seen."""
        from scipy.special import gammainc

        mean = (STRENGTHS[None, :] + 1.0) * usual * self.scopes.exposure[:, None]
        return np.asarray(np.maximum(gammainc(self.scopes.fewest, mean), LEAST_SEEN))


def _earlier(key: Ints) -> Floats:
    """How many entries with the same key stand before each one.

    >>> _earlier(np.array([3, 5, 3, 3])).tolist()
    [0.0, 0.0, 1.0, 2.0]
    """
    order = np.argsort(key, kind="stable")
    start = np.flatnonzero(np.diff(key[order], prepend=key.min(initial=0) - 1))
    size = np.diff(np.append(start, len(key)))
    count = np.empty(len(key))
    count[order] = np.arange(len(key)) - np.repeat(start, size)
    return count


def _numbers(number: Floats) -> Floats:
    """Expected troubles by kind and strength (the last two axes) from those that were seen.

    All kinds have one distribution of strengths, and neighbouring strengths are averaged: few
    troubles say little of each alone.
    """
    whole = number.sum(axis=-1, keepdims=True) + FEWEST_OWN
    seen = number.sum(axis=-2) + FEWEST_OWN / number.shape[-1]
    wide = np.concatenate([seen[..., :1], seen[..., :1], seen, seen[..., -1:], seen[..., -1:]], -1)
    last = seen.shape[-1]
    parts = [part * wide[..., at : at + last] for at, part in enumerate(SMOOTHING)]
    shape = np.sum(parts, axis=0)
    shape = shape / shape.sum(axis=-1, keepdims=True)
    return np.asarray(whole * shape[..., None, :])
