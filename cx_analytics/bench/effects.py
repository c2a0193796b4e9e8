"""`bench effects`: how often a useless fix is said to have worked, how often a good one is found.

Belongs here: planted panels of daily counts, and rates of verdicts over many of them. Stays out:
the estimate (loop/effect.py) and the words (loop/verdicts.py).

Each panel has a random shape of the days, daily noise beyond Poisson, groups that drift apart
with no action, and one treated group whose faults after the action are planted at `ratio` times
what they would have been.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from cx_analytics.bench.turns import turn_rows
from cx_analytics.loop.calendar import left_out_days
from cx_analytics.loop.effect import estimate
from cx_analytics.loop.expectation import Panel
from cx_analytics.loop.verdicts import verdict_of

BEFORE, LEFT_OUT, AFTER = 14, 7, 14
"""Days before, days left out and days after of a panel."""


HEADER = (
    "planted",
    "useless: worked",
    "before/after",
    "harmed",
    "covers",
    "halved: worked",
    "covers",
    "doubled: harmed",
)


@dataclass(frozen=True)
class Setting:
    """What is planted: the treated's faults in the days before, how many controls of that size,
    the variance of daily noise relative to the squared mean, the drift of groups in ln(rate), and
    the share of the treated's faults that an additive cause brings."""

    faults: float = 300.0
    controls: int = 12
    daily_noise: float = 0.02
    drift: float = 0.06
    excess: float = 0.0

    def __str__(self) -> str:
        excess = f", {self.excess:.0%} excess" if self.excess else ""
        return (
            f"{self.faults:g} faults, {self.controls} controls, daily noise {self.daily_noise:g}, "
            f"drift {self.drift:.0%}{excess}"
        )


SETTINGS = (
    Setting(),
    Setting(controls=4),
    Setting(faults=100),
    Setting(faults=1500, controls=30, daily_noise=0.01, drift=0.1),
    Setting(daily_noise=0.0, drift=0.0),
    Setting(faults=40, controls=40),
    Setting(excess=0.8),
)


WEEKS = ((50, 5.0), (200, 2.0), (200, 20.0), (1000, 10.0))
"""Cells, and faults a cell and day, of the worlds where a bad week is chosen."""


@dataclass(frozen=True)
class Rates:
    """Shares of panels: verdicts, and intervals that hold the planted ratio."""

    worked: float
    did_not: float
    harmed: float
    too_early: float
    coverage: float
    naive_worked: float


def effects(seeds: Sequence[int], *, say: Callable[[str], None] = print) -> list[tuple[str, ...]]:
    """Rows under HEADER, one a setting of all or of single ones; `say` is told of each."""
    rows = []
    for setting in SETTINGS:
        useless, halved, doubled = (measure(setting, ratio, seeds) for ratio in (1.0, 0.5, 2.0))
        told = (useless.worked, useless.naive_worked, useless.harmed, useless.coverage)
        figures = (*told, halved.worked, halved.coverage, doubled.harmed)
        rows.append((str(setting), *(f"{one:.3f}" for one in figures)))
        say(" ".join(rows[-1]))
    for cells, faults in WEEKS:
        week = selected(cells, faults, seeds)
        told = (week.worked, week.naive_worked, week.harmed, week.coverage)
        name = f"bad week, {cells} cells, {faults:g} faults a day"
        rows.append((name, *(f"{one:.3f}" for one in told), "", "", ""))
        say(" ".join(rows[-1]))
    for row in turn_rows(seeds):
        rows.append(row)
        say(" ".join(row))
    return rows


def measure(setting: Setting, ratio: float, seeds: Sequence[int]) -> Rates:
    """Verdicts on as many panels as there are seeds, each planted with the same ratio."""
    panels = [planted(setting, ratio, seed) for seed in seeds]
    return rates(panels, ratio, seeds)


def selected(cells: int, faults_a_day: float, seeds: Sequence[int]) -> Rates:
    """Verdicts on useless fixes of the cell that had the worst week by chance.

    All cells have the same rate; the action comes on the day after the worst week of all.
    """
    return rates([bad_week(cells, faults_a_day, seed) for seed in seeds], 1.0, seeds)


def rates(panels: Sequence[Panel], ratio: float, seeds: Sequence[int]) -> Rates:
    """What is said of panels whose planted ratio is known."""
    effects = [
        estimate(panel, np.random.default_rng([seed, 1]))
        for panel, seed in zip(panels, seeds, strict=True)
    ]
    words = [verdict_of(effect) for effect in effects]
    told = [one for one in effects if one.low is not None and one.high is not None]
    held = [(one.low or 0) <= ratio <= (one.high or 0) for one in told]
    share: Callable[[str], float] = lambda word: words.count(word) / len(words)  # noqa: E731
    return Rates(
        share("worked"),
        share("did_not"),
        share("harmed"),
        share("too_early"),
        sum(held) / max(len(held), 1),
        sum(naive(panel) for panel in panels) / len(panels),
    )


def naive(panel: Panel) -> bool:
    """What a before/after comparison of all days says: whether the fix worked, at 5 %."""
    from scipy.stats import binom

    row = int(np.flatnonzero(panel.treated)[0])
    late = panel.reached[row]
    first = int(np.flatnonzero(late)[0])
    before = int(panel.faults[row, :first].sum())
    after = int(panel.faults[row, late].sum())
    share = panel.sessions[row, late].sum() / (
        panel.sessions[row, late].sum() + panel.sessions[row, :first].sum()
    )
    return bool(binom.cdf(after, before + after, share) <= 0.05)


def planted(setting: Setting, ratio: float, seed: int) -> Panel:
    """One treated group (row 0) and its controls."""
    rng = np.random.default_rng([seed, 0])
    days, groups = BEFORE + LEFT_OUT + AFTER, setting.controls + 1
    later = np.arange(days) >= BEFORE + LEFT_OUT
    size = rng.lognormal(0, 0.3, groups)
    size[0] = 1.0
    week = 1 + 0.2 * np.sin(2 * np.pi * (np.arange(days) + rng.integers(7)) / 7)
    shape = week * np.exp(np.cumsum(rng.normal(0, 0.05, days)))
    sessions = np.round(5000 * size[:, None] * rng.lognormal(0, 0.05, (groups, days)))
    level = rng.lognormal(0, 0.4, groups)
    level[0] = 1.0
    drift = np.exp(setting.drift * rng.standard_normal(groups))
    rate = setting.faults / BEFORE / 5000 * level[:, None] * shape[None, :]
    mean = sessions * rate * np.where(later[None, :], drift[:, None], 1.0)
    average = (sessions[0] * shape)[:BEFORE].sum() / sessions[0, :BEFORE].sum()
    still = sessions[0] * rate[0] / shape * average
    mean[0] = (1 - setting.excess) * mean[0] + setting.excess * still
    mean[0, later] *= ratio
    faults = _counts(rng, mean, setting.daily_noise)
    return replace(panel_of(faults, sessions, 0, BEFORE, LEFT_OUT), excess=setting.excess)


def panel_of(
    faults: np.ndarray, sessions: np.ndarray, treated: int, before: int, left_out: int
) -> Panel:
    """A panel with one treated row; its first `before` days count, the next `left_out` do not."""
    groups, days = faults.shape
    day = np.arange(days)
    later = day >= before + left_out
    used = np.broadcast_to((day < before) | later, (groups, days))
    mine = (np.arange(groups) == treated)[:, None]
    return Panel(
        faults.astype(np.float64),
        sessions.astype(np.float64),
        used & ~(mine & later[None, :]),
        mine & later[None, :],
        later,
    )


def bad_week(cells: int, faults_a_day: float, seed: int) -> Panel:
    """Equal cells; the treated one had the worst of all weeks that end between day 14 and 28."""
    rng = np.random.default_rng([seed, 0])
    faults = rng.poisson(faults_a_day, (cells, 28 + AFTER)).astype(np.float64)
    weeks = np.stack([faults[:, end - 7 : end].sum(axis=1) for end in range(14, 29)], axis=1)
    treated, end = np.unravel_index(int(weeks.argmax()), weeks.shape)
    stop = 14 + int(end)
    left = left_out_days(stop)
    faults = faults[:, : stop + AFTER]
    return panel_of(faults, np.full(faults.shape, 1000.0), int(treated), stop - left, left)


def _counts(rng: np.random.Generator, mean: np.ndarray, daily_noise: float) -> np.ndarray:
    if daily_noise <= 0:
        return rng.poisson(mean).astype(np.float64)
    shape = 1 / daily_noise
    return rng.poisson(mean * rng.gamma(shape, 1 / shape, mean.shape)).astype(np.float64)
