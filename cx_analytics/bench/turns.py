"""`bench effects`, customer by customer: what is said of a single one after a fix.

Belongs here: planted customers before and after, and rates of verdicts over them. Stays out: the
verdict itself (loop/customers.py), and what is said of all together (effects.py).

Customers differ (gamma, shape 1.5); each has as many sessions after the fix as before. *Chosen*
are those with at least twice the mean faults before: who complains had bad luck besides a bad rate,
and would have fewer faults afterwards with no fix at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cx_analytics.loop.customers import FRAILTY_SHAPE, Floats, Pool, Turn, verdicts

CUSTOMERS = 50
"""Customers of each seed."""

SESSIONS = 200.0
"""Sessions of a customer before the fix, and after it."""

CHOSEN = 2.0


@dataclass(frozen=True)
class Habit:
    """Mean faults of a customer before the fix, and whether those with many are chosen."""

    faults: float
    is_chosen: bool = False

    def __str__(self) -> str:
        who = f"chosen for {CHOSEN * self.faults:g} faults or more" if self.is_chosen else "all"
        return f"single customers, {self.faults:g} faults before on average, {who}"


HABITS = (Habit(5), Habit(20), Habit(80), Habit(20, True), Habit(80, True))


@dataclass(frozen=True)
class TurnRates:
    """Shares of customers with a fault: verdicts, intervals that hold the planted ratio, and what a
    binomial test of before against after says to have worked."""

    worked: float
    harmed: float
    coverage: float
    naive_worked: float


def turn_rows(seeds: Sequence[int]) -> list[tuple[str, ...]]:
    """Rows under the header of `bench effects`, one a habit."""
    rows = []
    for habit in HABITS:
        useless, halved, doubled = (measure(habit, ratio, seeds) for ratio in (1.0, 0.5, 2.0))
        told = (useless.worked, useless.naive_worked, useless.harmed, useless.coverage)
        figures = (*told, halved.worked, halved.coverage, doubled.harmed)
        rows.append((str(habit), *(f"{one:.3f}" for one in figures)))
    return rows


def measure(habit: Habit, ratio: float, seeds: Sequence[int]) -> TurnRates:
    """Verdicts on customers whose planted ratio is the same; nothing is known of all together."""
    turn = planted(habit, ratio, seeds)
    found = verdicts(turn, Pool(habit.faults / SESSIONS))
    word = np.array(found.word)
    held = (found.low <= ratio) & (ratio <= found.high)
    return TurnRates(
        worked=float((word == "worked").mean()),
        harmed=float((word == "harmed").mean()),
        coverage=float(held.mean()),
        naive_worked=float(_fewer(turn).mean()),
    )


def planted(habit: Habit, ratio: float, seeds: Sequence[int]) -> Turn:
    """Customers before and after a fix; those without any fault are not told of."""
    parts = [_customers(habit, ratio, seed) for seed in seeds]
    before, after = np.concatenate(parts, axis=1)
    least = CHOSEN * habit.faults if habit.is_chosen else 0.0
    told = (before + after > 0) & (before >= least)
    used = np.full(int(told.sum()), SESSIONS)
    return Turn(used, before[told], used, after[told])


def _customers(habit: Habit, ratio: float, seed: int) -> Floats:
    """Faults before and after, shape (2, customers)."""
    rng = np.random.default_rng([seed, 2])
    mean = rng.gamma(FRAILTY_SHAPE, habit.faults / FRAILTY_SHAPE, CUSTOMERS)
    return np.array([rng.poisson(mean), rng.poisson(mean * ratio)], dtype=np.float64)


def _fewer(turn: Turn) -> np.ndarray:
    """Whether a one-sided binomial test at 5 % says that the faults have become fewer."""
    from scipy.stats import binom

    total = turn.faults_before + turn.faults_after
    return np.asarray(binom.cdf(turn.faults_after, total, 0.5) <= 0.05)
