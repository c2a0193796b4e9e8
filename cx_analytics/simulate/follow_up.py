"""What happens after a planted world's last day, with and without interventions.

The setting, the people, their units, the roll-outs and the planted causes go on: what is open stays
on, what is closed stays closed. Every possible contribution to a session has a clock of its own,
and the fault is of the one that strikes first; a clock that an intervention does not touch keeps
its time, so that two futures of a world differ by the interventions alone (common random numbers).

Belongs here: drawing the days to come and counting what the interventions changed. Stays out:
what an intervention is (interventions.py), files (write_follow_up.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import polars as pl

from cx_analytics.contracts.errors import InputRefused
from cx_analytics.simulate.aims import Aim, aims_of
from cx_analytics.simulate.causes import Plan
from cx_analytics.simulate.chance import Flags, Floats, Ints, generator
from cx_analytics.simulate.days import Day, joined
from cx_analytics.simulate.hazard import (
    HIGHEST,
    Climate,
    Outcome,
    contributions,
    mixes,
    outcome_of,
)
from cx_analytics.simulate.interventions import Intervention
from cx_analytics.simulate.moves import fresh_units, moved
from cx_analytics.simulate.truth import Truth
from cx_analytics.simulate.visits import Visits, draw_visits, sessions_of_days
from cx_analytics.simulate.world import World, told

DAILY_DRIFT = 0.03
"""Standard deviation of the background's log change from day to day."""


@dataclass(frozen=True)
class FollowUp:
    """The `days` after a world's last one; days are numbered on from the world's own.

    Made by `follow_up`. Everything is a function of the world, its seed and the interventions;
    nothing but one day of sessions is held at a time.
    """

    world: World
    interventions: tuple[Intervention, ...]
    days: int
    climate: Climate = field(repr=False)
    aims: dict[str, Aim] = field(repr=False)
    fresh: dict[str, Ints] = field(repr=False)

    @property
    def numbers(self) -> range:
        """Numbers of its days, counted from the first day of the world."""
        return range(self.world.days, self.world.days + self.days)

    @property
    def counts(self) -> list[int]:
        """Sessions of each day: as many a week as the world had on average."""
        weeks, per_week = -(-self.days // 7), round(self.world.sessions / self.world.days * 7)
        weekday = self.world.start.weekday() + self.world.days
        counts = sessions_of_days(per_week * weeks, weeks * 7, weekday % 7)
        return [int(count) for count in counts[: self.days]]

    @property
    def untouched(self) -> FollowUp:
        """The same days without any intervention."""
        return replace(self, interventions=(), aims={}, fresh={})

    def day(self, number: int) -> Day:
        """One day as reported and its truth, like `World.day`."""
        return self._day(number)[0]

    def joined(self, number: int) -> pl.DataFrame:
        """One day's sessions with all attributes, like `World.joined`."""
        day, visits = self._day(number)
        return joined(day.sessions, visits, self.world.setting)

    def each_day(self) -> Iterator[Day]:
        """All days in order, made one at a time."""
        return (self.day(number) for number in self.numbers)

    def each_joined(self) -> Iterator[pl.DataFrame]:
        """All days' joined sessions in order, made one at a time."""
        return (self.joined(number) for number in self.numbers)

    def truth(self) -> Truth:
        """What the causes did on these days, with the interventions in force."""
        return Truth.of_days(self.world, self.each_day())

    def effects(self) -> pl.DataFrame:
        """What the interventions truly changed: a row a day and action.

        `sessions` and `faults` are those of the sessions that it reached, `faults_untouched` the
        faults of the very same sessions had nothing been done, `avoided` the difference (below 0:
        harm). Where several reach a session each row tells what they did together.
        """
        rows = [row for number in self.numbers for row in self._effects(number)]
        names = ("action_id", "day", "sessions", "faults", "faults_untouched")
        kinds = (pl.String, pl.Int64, pl.Int64, pl.Int64, pl.Int64)
        frame = pl.DataFrame(rows, schema=dict(zip(names, kinds, strict=True)), orient="row")
        return frame.with_columns(avoided=pl.col("faults_untouched") - pl.col("faults"))

    def _effects(self, number: int) -> Iterator[tuple[str | int, ...]]:
        _, now, reached = self._draw(number)
        before = self.untouched._draw(number)[1]
        for action_id, mine in reached.items():
            faults = (now.faulty & mine, before.faulty & mine)
            yield action_id, number, int(mine.sum()), *(int(flags.sum()) for flags in faults)

    def _day(self, number: int) -> tuple[Day, Visits]:
        visits, outcome, _ = self._draw(number)
        first = self.world.sessions + sum(self.counts[: number - self.world.days])
        return told(self.world, number, first, visits, outcome), visits

    def _draw(self, number: int) -> tuple[Visits, Outcome, dict[str, Flags]]:
        """The sessions of a day, what befell them, and which of them each action reached."""
        if number not in self.numbers:
            todo = f"give {self.numbers.start} to {self.numbers.stop - 1}"
            raise InputRefused(f"no day {number} in this follow-up", todo=todo)
        setting, seed = self.world.setting, self.world.seed
        count = self.counts[number - self.world.days]
        before = draw_visits(setting, number, count, seed, "visits")
        reached = {action_id: aim.reaches(before) for action_id, aim in self.aims.items()}
        visits = moved(before, setting, self.interventions, reached, self.aims, self.fresh)
        parts, hazards = self._hazards(visits, reached)
        rng = generator(seed, "later faults", number)
        return visits, strike(rng, parts, hazards, self.world.plan), reached

    def _hazards(self, visits: Visits, reached: dict[str, Flags]) -> tuple[Ints, Floats]:
        """What `contributions` gives, with the interventions' factors (they multiply)."""
        background = self.climate.rate(self.world.setting, visits)
        parts, hazards = contributions(background, self.world.plan, visits)
        for one in self.interventions:
            rows = np.flatnonzero(reached[one.action_id])
            meant = np.isin(parts[rows], self.aims[one.action_id].numbers)
            hazards[rows] = np.minimum(np.where(meant, one.factor, 1.0) * hazards[rows], HIGHEST)
        return parts, hazards


def follow_up(
    world: World, interventions: Sequence[Intervention] = (), *, days: int = 30
) -> FollowUp:
    """The days after a world's last one, under these interventions.

    Raises InputRefused for fewer days than one, an action id that comes twice, or an intervention
    that names something that is not there.

    Example: how many faults does it avoid to end a cause on the 33rd day of 28 + 30?

        fix = repair(world.setting, world.plan, "shared-03", at=world.origin + timedelta(days=32))
        follow_up(world, [fix]).effects().get_column("avoided").sum()
    """
    if days < 1:
        raise InputRefused(f"no follow-up of {days} days", todo="give 1 or more")
    given = tuple(interventions)
    aims = aims_of(world, given)
    fresh = fresh_units(world.setting, given, aims, world.seed)
    return FollowUp(world, given, days, _later(world.climate, days, world.seed), aims, fresh)


def strike(rng: np.random.Generator, parts: Ints, hazards: Floats, plan: Plan) -> Outcome:
    """Draw faults with a clock for each contribution: the first to ring within its session is it.

    The same in distribution as `hazard.befall`; but chance falls to each session and contribution
    apart, so a hazard that does not change draws the same whatever becomes of the others.
    """
    clocks, point = rng.exponential(size=hazards.shape), rng.random(len(hazards))
    rings = np.full(hazards.shape, np.inf)
    np.divide(clocks, hazards, out=rings, where=hazards > 0)
    first = rings.argmin(axis=1)
    every = np.arange(len(first))
    faulty = rings[every, first] < 1
    cause, types = parts[every, first][faulty], mixes(plan)
    below = np.cumsum(types[cause], axis=1) < point[faulty, None]
    kind = np.minimum(below.sum(axis=1), types.shape[1] - 1)
    return outcome_of(parts, hazards, types, faulty, kind, cause)


def _later(climate: Climate, days: int, seed: int) -> Climate:
    """The climate with the drift of the background going on for so many days."""
    steps = generator(seed, "later climate").normal(0, DAILY_DRIFT, days)
    later = climate.by_day[-1] * np.exp(np.cumsum(steps))
    return replace(climate, by_day=np.concatenate([climate.by_day, later]))
