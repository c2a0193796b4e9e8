"""Which conditions made the rejects: the fewest that explain them, each worth its price.

Belongs here: the order of looking, accepting, dropping. Stays out: likelihood (strictness.py) and
prices (evidence.py).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from cx_analytics.supply.evidence import (
    LEAST_LOOKS,
    LEAST_RATIO,
    Evidence,
    ratio_interval,
    spread_over,
)
from cx_analytics.supply.scan import Floats, Scan
from cx_analytics.supply.strictness import Hazard, fitted, gains, hazard, without

MOST_MAKERS = 30
MOST_JUDGED = 20
SWAPS = 3
"""Rounds of looking whether another condition tells an accepted one's story better."""

RIVAL_NATS = 3.0
"""A rival whose evidence comes this near cannot be told apart."""

RIVAL_OVERLAP = 0.5


@dataclass(frozen=True)
class Maker:
    """A condition that makes rejects, with what speaks for it.

    Parameters
    ----------
    condition : its number in the scan.
    evidence : nats beyond price and margin.
    effect : its design effect, 1 or more.
    excess : its excess where it shows, by booking step; shape (B,).
    rivals : conditions that explain the same rejects nearly as well, with their evidence.
    """

    condition: int
    evidence: float
    effect: float
    excess: Floats
    rivals: tuple[tuple[int, float], ...] = ()


@dataclass(frozen=True)
class Found:
    """The makers of a scan and the hazards under them."""

    makers: tuple[Maker, ...]
    hazard: Hazard


AtWork = tuple[tuple[int, bytes], ...]
"""Conditions at work, with their excesses to the last bit."""


@dataclass
class _Judge(Evidence):
    """Evidence that remembers what pays for itself beside which conditions.

    The same are at work again and again (without the only maker, those of the beginning), and
    judging all others beside them is what takes the time.
    """

    paying: dict[AtWork, list[Maker]] = field(default_factory=dict)


def search(scan: Scan) -> Found:
    """Makers of the rejects; none when nothing pays its price."""
    judge = _Judge(scan)
    now = hazard(scan, {})
    if not scan.conditions.height or not scan.booked:
        return Found((), now)
    for _ in range(MOST_MAKERS):
        best = _best(judge, now)
        if best is None:
            break
        now = _pruned(judge, _joined(judge, now, best))
        if best.condition not in now.excess:
            break
    now = _swapped(judge, now)
    return Found(tuple(_told(judge, now, one) for one in sorted(now.excess)), now)


def _joined(judge: Evidence, now: Hazard, maker: Maker) -> Hazard:
    """The hazards with one more condition, where it shows."""
    return fitted(judge.scan, {**now.excess, maker.condition: maker.excess})


def _judged(judge: _Judge, rest: Hazard) -> list[Maker]:
    """Conditions that would pay for themselves beside those at work, best evidence first."""
    at_work = tuple((one, excess.tobytes()) for one, excess in rest.excess.items())
    if at_work not in judge.paying:
        judge.paying[at_work] = _paying(judge, rest)
    return judge.paying[at_work]


def _paying(judge: Evidence, rest: Hazard) -> list[Maker]:
    scan = judge.scan
    excess, gain, _ = gains(scan, rest, np.arange(scan.conditions.height))
    told = judge.told(gain)
    hoped = told.sum(axis=1) - judge.prices
    hoped[list(rest.excess)] = -np.inf
    order = np.argsort(-hoped, kind="stable")
    worth = [int(one) for one in order[:MOST_JUDGED] if hoped[one] > 0]
    judge.ask(worth)
    makers = [_weighed(judge, rest, one, excess[one], gain[one]) for one in worth]
    return sorted((one for one in makers if one.evidence > 0), key=lambda maker: -maker.evidence)


def _weighed(judge: Evidence, rest: Hazard, condition: int, excess: Floats, gain: Floats) -> Maker:
    """What speaks for a condition beside the others, of which it is none."""
    told = judge.told(gain)
    shown = np.where(told > 0, excess, 0.0)
    ratio, _, _ = ratio_interval(judge.scan, condition, shown, rest, 1.0)
    anecdote = spread_over(judge.scan, condition, shown, rest) < LEAST_LOOKS
    if ratio < LEAST_RATIO or anecdote:
        return Maker(condition, -np.inf, 1.0, shown)
    noise = judge.noise(hazard(judge.scan, {**rest.excess, condition: shown}), condition)
    effect = max(noise, judge.design_effect(condition, shown, rest))
    evidence = judge.told(gain / effect).sum() - judge.prices[condition]
    return Maker(condition, float(evidence), effect, shown)


def _best(judge: _Judge, now: Hazard) -> Maker | None:
    return next(iter(_judged(judge, now)), None)


def _pruned(judge: Evidence, now: Hazard) -> Hazard:
    """Without conditions that no longer pay for themselves beside the others, worst first."""
    while now.excess:
        standing = {one: _standing(judge, now, one).evidence for one in now.excess}
        worst = min(standing, key=lambda one: (standing[one], one))
        if standing[worst] > 0:
            break
        now = fitted(judge.scan, without(judge.scan, now, worst).excess)
    return now


def _standing(judge: Evidence, now: Hazard, condition: int) -> Maker:
    """What speaks for an accepted condition, given the others."""
    rest = without(judge.scan, now, condition)
    excess, gain, _ = gains(judge.scan, rest, np.array([condition]))
    judge.ask([condition])
    return _weighed(judge, rest, condition, excess[0], gain[0])


def _swapped(judge: _Judge, now: Hazard) -> Hazard:
    """Each accepted condition replaced while another in its place tells more."""
    for _ in range(SWAPS):
        before = set(now.excess)
        for one in sorted(before):
            rest = fitted(judge.scan, without(judge.scan, now, one).excess)
            best = _best(judge, rest)
            if best is not None and best.condition != one:
                now = _pruned(judge, _joined(judge, rest, best))
        if set(now.excess) == before:
            break
    return now


def _told(judge: _Judge, now: Hazard, condition: int) -> Maker:
    """An accepted condition with its evidence and its rivals."""
    own = _standing(judge, now, condition)
    rest = without(judge.scan, now, condition)
    rivals = tuple(
        (one.condition, one.evidence)
        for one in _judged(judge, rest)
        if one.condition != condition
        and one.evidence >= own.evidence - RIVAL_NATS
        and _overlap(judge.scan, condition, one.condition) >= RIVAL_OVERLAP
    )
    return Maker(condition, own.evidence, own.effect, now.excess[condition], rivals)


def _overlap(scan: Scan, one: int, other: int) -> float:
    """Jaccard index of the rejects under two conditions."""
    first, second = (scan.member[at].toarray().ravel() > 0 for at in (one, other))
    weight = scan.looks["rejects"].to_numpy()
    either = weight[first | second].sum()
    return float(weight[first & second].sum() / either) if either else 0.0
