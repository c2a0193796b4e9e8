"""Two worlds beside each other: the log as it was, and with changes; and how true a replay is.

Belongs here: figures of a run, their differences and intervals. Stays out: the runs (floor.py).

The difference is the mean of worlds with times drawn anew; in each, both worlds take the same draws
(common random numbers), so that most of the luck cancels out. The interval spans 90 % of them. It
is added to what the log shows. The recorded times themselves serve to show that the replay gives
the log back, not for the difference: a log is one course of luck that fits its own times to the
minute, and whatever is moved in it fits worse.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from cx_analytics.contracts.calendar import Calendar
from cx_analytics.supply.replaying.changes import Change, World, apply
from cx_analytics.supply.replaying.drawing import Drawing
from cx_analytics.supply.replaying.floor import FOREVER, Rules, Run, recorded, run
from cx_analytics.supply.replaying.hours import Bools, Floats
from cx_analytics.supply.replaying.log import Log, read_log
from cx_analytics.supply.replaying.queue import UNSEEN
from cx_analytics.supply.times import CalendarRule

DAY_US = 86_400_000_000

DRAWS = 20
"""Worlds with times drawn anew; the outer twentieth on each side of 20 is the outermost."""

MEASURES: Mapping[str, tuple[str, str]] = {
    "units": ("units", "Pieces of the cases that come to their end"),
    "cases": ("cases", "Cases that come to their end"),
    "lead_time_days": ("days", "Mean time from end to end of a case"),
    "slow_lead_time_days": ("days", "Time from end to end that one case in ten exceeds"),
    "held_lead_time_days": ("days", "Mean time from end to end of the cases held for some time"),
    "waiting_days": ("days", "Waiting of all cases"),
    "batching_days": ("days", "Waiting for other cases to start together with"),
    "busy_days": ("days", "Waiting for a busy resource"),
    "closed_days": ("days", "Waiting for a resource to open"),
    "other_days": (
        "days",
        "Waiting though a resource was available: ways, set-ups, decisions, holds",
    ),
}
"""What a comparison tells: unit and meaning. Times are those of cases that end in both worlds, lead
times those of cases that are not held."""


@dataclass(frozen=True)
class Measure:
    """One figure of both worlds; low and high bound the difference (90 %)."""

    name: str
    unit: str
    meaning: str
    as_it_was: float
    what_if: float
    difference: float
    low: float
    high: float


@dataclass(frozen=True)
class Fidelity:
    """How a replay of the log as it was compares with the log.

    Attributes
    ----------
    lead_time_days : the log's mean.
    replayed_days, replayed_error : mean with the recorded times, and its relative error.
    drawn_days, drawn_error : the same with times drawn anew, mean of all draws.
    largest_gap : largest distance between the distribution of lead times of the log and of the
        draws (Kolmogorov's distance), 0 to 1.
    """

    lead_time_days: float
    replayed_days: float
    replayed_error: float
    drawn_days: float
    drawn_error: float
    largest_gap: float


@dataclass(frozen=True)
class Comparison:
    """What a change would have done."""

    changes: tuple[str, ...]
    seed: int
    draws: int
    cases: int
    steps: int
    measures: tuple[Measure, ...]
    fidelity: Fidelity


def what_if(
    step_times: pl.DataFrame,
    changes: Sequence[Change],
    *,
    seed: int = 1,
    draws: int = DRAWS,
    rule: CalendarRule | None = None,
    lots: pl.DataFrame | None = None,
    calendar: Calendar | None = None,
) -> Comparison:
    """Replay a log as it was and with changes.

    Parameters
    ----------
    step_times : rows of the table of that name, at least log.COLUMNS.
    changes : at least one; all of them hold together.
    seed : of the draws. The same seed gives the same comparison.
    draws : worlds with times drawn anew, at least 1.
    rule, lots, calendar : see read_log.

    Raises
    ------
    NotFound, InputRefused : when a change names what the log does not have, or it is empty.
    """
    log = read_log(step_times, rule, lots, calendar)
    before, after = World(log, Rules()), apply(log, changes)
    drawing = Drawing(log)
    replayed = run(log, recorded(log))
    pairs = []
    for number in range(draws):
        one, other = (
            run(world.log, drawing.times(world.log, seed, number), world.rules)
            for world in (before, after)
        )
        pairs.append((one, other))
    groups = _Groups.of(log, after.rules)
    return Comparison(
        changes=tuple(map(str, changes)),
        seed=seed,
        draws=draws,
        cases=len(log.cases),
        steps=len(log.work_us),
        measures=tuple(_measures(log, replayed, groups, pairs)),
        fidelity=_fidelity(log, replayed, [one for one, _ in pairs]),
    )


@dataclass(frozen=True)
class _Groups:
    """(cases,) those that are told of: not held, and held for some time only."""

    free: Bools
    held: Bools

    @classmethod
    def of(cls, log: Log, rules: Rules) -> _Groups:
        free, held = np.ones(len(log.cases), dtype=bool), np.zeros(len(log.cases), dtype=bool)
        for case, (_, until) in rules.held.items():
            free[case], held[case] = False, until != FOREVER
        return cls(free, held)


def _measures(
    log: Log, replayed: Run, groups: _Groups, pairs: Sequence[tuple[Run, Run]]
) -> Iterator[Measure]:
    shown = _figures(log, replayed, groups)
    each = [
        (_figures(log, before, groups), _figures(log, after, groups)) for before, after in pairs
    ]
    for name, (unit, meaning) in MEASURES.items():
        if name in shown:
            drawn = np.array([after[name] - before[name] for before, after in each])
            low, high = np.quantile(drawn, [0.05, 0.95]).tolist()
            change = float(drawn.mean())
            after = shown[name] + change
            yield Measure(name, unit, meaning, shown[name], after, change, low, high)


def _figures(log: Log, came: Run, groups: _Groups) -> dict[str, float]:
    """The MEASURES of a run. Pieces and cases are those of all cases."""
    ended = np.minimum.reduceat(came.ended, log.rows_of[:-1]) != UNSEEN
    rows = (groups.free | groups.held)[log.case]
    waiting = float((came.begun - came.arrived)[rows].sum()) / DAY_US
    parts = {"batching": came.batching, "busy": came.busy, "closed": came.closed}
    told = {f"{name}_days": float(each[rows].sum()) / DAY_US for name, each in parts.items()}
    return {
        "units": float(log.units[ended].sum()),
        "cases": float(ended.sum()),
        **_lead_figures(lead_times(log, came), groups),
        "waiting_days": waiting,
        **told,
        "other_days": waiting - sum(told.values()),
    }


def _lead_figures(lead: Floats, groups: _Groups) -> dict[str, float]:
    told = {}
    if groups.free.any():
        told["lead_time_days"] = float(lead[groups.free].mean())
        told["slow_lead_time_days"] = float(np.quantile(lead[groups.free], 0.9))
    if groups.held.any():
        told["held_lead_time_days"] = float(lead[groups.held].mean())
    return told


def lead_times(log: Log, came: Run) -> Floats:
    """(cases,) days from the first start to the last end of each case."""
    end = np.maximum.reduceat(came.ended, log.rows_of[:-1])
    return np.asarray((end - log.start_us[log.rows_of[:-1]]) / DAY_US)


def _fidelity(log: Log, replayed: Run, drawn: Sequence[Run]) -> Fidelity:
    ended = log.start_us + log.work_us
    known = (np.maximum.reduceat(ended, log.rows_of[:-1]) - log.start_us[log.rows_of[:-1]]) / DAY_US
    each = np.concatenate([lead_times(log, one) for one in drawn])
    mean = float(known.mean())
    again, anew = float(lead_times(log, replayed).mean()), float(each.mean())
    return Fidelity(
        lead_time_days=mean,
        replayed_days=again,
        replayed_error=_relative(again, mean),
        drawn_days=anew,
        drawn_error=_relative(anew, mean),
        largest_gap=_largest_gap(known, each),
    )


def _relative(value: float, known: float) -> float:
    return value / known - 1 if known else 0.0


def _largest_gap(one: Floats, other: Floats) -> float:
    places = np.concatenate([one, other])
    shares = (np.searchsorted(np.sort(each), places, "right") / each.size for each in (one, other))
    first, second = shares
    return float(np.abs(first - second).max())
