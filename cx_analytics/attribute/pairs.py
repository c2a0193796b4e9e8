"""Which pairs of values are worth counting: decided from the fault rows alone.

Belongs here: the pre-selection that keeps the number of counted pairs bounded. Stays out:
their exposure (exposure.py) and their judgement (search.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations

import numpy as np

from cx_analytics.attribute.candidates import MIN_FAULTS, Group, nesting
from cx_analytics.attribute.counts import Counts, Floats, Ints
from cx_analytics.attribute.evidence import poisson_gain

MAX_PAIRS = 16_000
PAIR_GAIN = 2.0
BLOCK = 7
"""Days that are looked at together, beside all days."""
LEAST_LIFT = 1.2
"""Large cells gain by the slightest association of their attributes; a pair needs more."""
FEW_CELLS = 60
"""Two attributes with no more cells than this are counted whole: shares may mislead there."""
DENSE = 200_000
"""Tables of up to so many cells are tallied whole; that is quicker than sorting the faults."""
PER_CUSTOMER = 3
"""Faults of a customer and block that count, or each broken unit would bring its own pairs."""


def pairs(
    counts: Counts,
    left: Floats | None = None,
    nested: Mapping[str, frozenset[str]] | None = None,
) -> list[Group]:
    """Pairs of values whose faults exceed what either value alone would bring.

    `left` says how much of each fault is still unexplained (1 when not given): what strong
    causes hide shows once they are known. `nested` is what `nesting` says, where it is known.

    A pair (u, v) with O faults is a candidate when O is above both O_u * share(v) and
    O_v * share(u), by PAIR_GAIN nats over all days or in some block, or when its attributes
    have few cells. At most MAX_PAIRS, those that gain most. Pairs of nested attributes are
    left out: such a pair is its child.
    """
    nested = nesting(counts) if nested is None else nested
    tallies = _Tallies(counts, np.ones(len(counts.day)) if left is None else left)
    found: list[tuple[tuple[str, str], Ints, Floats]] = []
    for a, b in combinations(counts.names, 2):
        if b not in nested[a] and a not in nested[b]:
            codes, gain = tallies.pair_gain(a, b)
            found.append(((a, b), codes, gain))
    if not found:
        return []
    gains = np.concatenate([gain for _, _, gain in found])
    floor = np.sort(gains)[-MAX_PAIRS] if len(gains) > MAX_PAIRS else -np.inf
    groups = [Group(names, codes[gain >= floor]) for names, codes, gain in found]
    return [group for group in groups if len(group.codes)]


class _Tallies:
    """Faults and shares of exposure by value and block of days."""

    def __init__(self, counts: Counts, left: Floats) -> None:
        self.counts, self.left = counts, left
        self.blocks = max(1, -(-len(counts.days) // BLOCK))
        self.block = counts.day // BLOCK
        kept = _first_of_each(counts.columns["customer_id"].codes, self.block)
        self.codes = {name: np.where(kept, counts.columns[name].codes, -1) for name in counts.names}
        self.faults = {name: self._faults(name) for name in counts.names}
        self.share = {name: _share(counts, name, BLOCK) for name in counts.names}
        self.share_all = {
            name: _share(counts, name, max(1, len(counts.days))).sum(axis=1)
            for name in counts.names
        }

    def _faults(self, name: str) -> Floats:
        codes, size = self.codes[name], len(self.counts.columns[name].levels)
        known = codes >= 0
        at = codes[known] * self.blocks + self.block[known]
        tally = np.bincount(at, self.left[known], minlength=size * self.blocks)
        return np.asarray(tally.reshape(size, self.blocks), dtype=float)

    def pair_gain(self, a: str, b: str) -> tuple[Ints, Floats]:
        """Codes (pairs, 2) of the candidates, and what each gains over its values alone."""
        keys, observed = self._observed(a, b)
        width = max(1, len(self.counts.columns[b].levels))
        u, v = keys // width, keys % width
        alone = np.maximum(
            self.faults[a][u] * self.share[b][v], self.faults[b][v] * self.share[a][u]
        )
        gain = np.where(observed >= 5, _lifted(observed, alone), 0.0).max(axis=1, initial=0.0)
        whole = np.maximum(
            self.faults[a][u].sum(axis=1) * self.share_all[b][v],
            self.faults[b][v].sum(axis=1) * self.share_all[a][u],
        )
        gain = np.maximum(gain, _lifted(observed.sum(axis=1), whole))
        if len(keys) <= FEW_CELLS:
            gain = np.maximum(gain, observed.sum(axis=1))
        keep = gain > PAIR_GAIN
        return np.stack([u, v], axis=1)[keep], gain[keep]

    def _observed(self, a: str, b: str) -> tuple[Ints, Floats]:
        """Keys of the cells with enough faults, and their faults by block."""
        one, other = self.codes[a], self.codes[b]
        both = (one >= 0) & (other >= 0)
        width = len(self.counts.columns[b].levels)
        joint = one[both] * width + other[both]
        keys, row = _frequent(joint, len(self.counts.columns[a].levels) * width)
        inside = row >= 0
        at = row[inside] * self.blocks + self.block[both][inside]
        size = len(keys)
        weight = self.left[both][inside]
        found = np.bincount(at, weight, minlength=size * self.blocks).reshape(size, self.blocks)
        return keys, np.asarray(found, dtype=float)


def _frequent(joint: Ints, size: int) -> tuple[Ints, Ints]:
    """Numbers below `size` that are met often enough, and for each entry its row there, or -1."""
    values, place = joint, joint
    if size > DENSE:
        values, place = np.unique(joint, return_inverse=True)
        size = len(values)
    keep = np.bincount(place, minlength=size) >= MIN_FAULTS
    found = np.flatnonzero(keep)
    row = np.where(keep, np.cumsum(keep) - 1, -1)[place]
    return (found if values is joint else values[found]), row


def _lifted(observed: Floats, alone: Floats) -> Floats:
    """Gain where faults are at least LEAST_LIFT times what either value alone would bring."""
    return np.where(observed >= LEAST_LIFT * alone, poisson_gain(observed, alone), 0.0)


def _first_of_each(customer: Ints, block: Ints) -> Ints:
    """Whether each fault is among the first PER_CUSTOMER of its customer and block."""
    key = customer * (int(block.max(initial=0)) + 1) + block
    order = np.argsort(key, kind="stable")
    start = np.searchsorted(key[order], key[order], side="left")
    rank = np.empty(len(key), dtype=np.int64)
    rank[order] = np.arange(len(key)) - start
    return np.asarray((rank < PER_CUSTOMER) | (customer < 0))


def _share(counts: Counts, name: str, days: int) -> Floats:
    """Share of the sessions of each value, by block of `days` days."""
    if name not in counts.values:
        levels = len(counts.columns[name].levels)
        codes = counts.columns[name].codes
        share = np.bincount(codes[codes >= 0], minlength=levels) / max(1, len(counts.day))
        return np.repeat(share[:, None], max(1, -(-len(counts.days) // days)), axis=1)
    starts = np.arange(0, len(counts.days), days)
    exposure = np.add.reduceat(counts.values[name], starts, axis=1)
    total = np.add.reduceat(counts.sessions, starts)
    return np.asarray(exposure / np.maximum(total, 1.0))
