"""A planted world: the static part, and its days one by one.

Belongs here: what holds the parts together. A world never holds more than one day of sessions; the
same arguments make the same world on every machine with the same library versions.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time

import numpy as np
import polars as pl

from cx_analytics.contracts.errors import InputRefused
from cx_analytics.simulate.causes import Plan
from cx_analytics.simulate.chance import generator
from cx_analytics.simulate.days import (
    Day,
    contacts_frame,
    joined,
    sessions_frame,
    truth_frames,
)
from cx_analytics.simulate.hazard import Climate, Outcome, befall, make_climate
from cx_analytics.simulate.mess import lose_values
from cx_analytics.simulate.planting import SLOTS, Pilot, Slot, plant
from cx_analytics.simulate.scale import STRENGTHS, Difficulty
from cx_analytics.simulate.visits import (
    Setting,
    Visits,
    draw_visits,
    make_setting,
    sessions_of_days,
)

PILOT_SESSIONS = 250_000
FEWEST_SESSIONS = 1000


@dataclass(frozen=True)
class World:
    """Parameters, the setting, what was planted in it, and a way to each of its days."""

    sessions: int
    days: int
    seed: int
    difficulty: Difficulty
    start: date
    setting: Setting = field(repr=False)
    climate: Climate = field(repr=False)
    plan: Plan = field(repr=False)

    @property
    def origin(self) -> datetime:
        """The first moment of the world (UTC, naive)."""
        return datetime.combine(self.start, time())

    @property
    def counts(self) -> list[int]:
        """Sessions of each day."""
        per_day = sessions_of_days(self.sessions, self.days, self.start.weekday())
        return [int(count) for count in per_day]

    def day(self, number: int) -> Day:
        """One day, as reported (values lost, nothing re-sent or late yet) and its truth."""
        return self._day(number)[0]

    def joined(self, number: int) -> pl.DataFrame:
        """One day's sessions with all attributes, as the table `sessions` would hold them."""
        day, visits = self._day(number)
        return joined(day.sessions, visits, self.setting)

    def each_day(self) -> Iterator[Day]:
        """All days in order, made one at a time."""
        return (self.day(number) for number in range(self.days))

    def each_joined(self) -> Iterator[pl.DataFrame]:
        """All days' joined sessions in order, made one at a time."""
        return (self.joined(number) for number in range(self.days))

    def _day(self, number: int) -> tuple[Day, Visits]:
        counts = self.counts
        visits = draw_visits(self.setting, number, counts[number], self.seed, "visits")
        background = self.climate.rate(self.setting, visits)
        rng = generator(self.seed, "faults", number)
        outcome = befall(rng, background, self.plan, visits)
        return told(self, number, sum(counts[:number]), visits, outcome), visits


def told(world: World, number: int, first: int, visits: Visits, outcome: Outcome) -> Day:
    """A day (number from the start) as reported; `first` is the running number of its first row."""
    whole = sessions_frame(world.setting, visits, outcome, world.origin, first, world.seed)
    truth, posteriors = truth_frames(whole, outcome, world.plan)
    reported = lose_values(whole, number, world.seed)
    contacts = contacts_frame(reported, number, world.seed)
    return Day(number, reported, contacts, truth, posteriors, outcome)


def make_world(
    *,
    sessions: int,
    days: int,
    seed: int,
    difficulty: Difficulty = "medium",
    start: date = date(2026, 1, 1),
) -> World:
    """A world of that many sessions over that many days.

    Parameters
    ----------
    sessions : at least 1,000; 20,000 and more give every kind of cause room
    days : at least 1
    seed : any non-negative number; the same one makes the same world
    difficulty : `easy`, `medium`, `hard`, or `null` (a healthy world without any cause)
    start : the first day (UTC)

    Raises InputRefused when a value is out of range.
    """
    if sessions < FEWEST_SESSIONS or days < 1 or seed < 0 or difficulty not in STRENGTHS:
        raise InputRefused(
            f"no world of {sessions} sessions, {days} days, seed {seed}, {difficulty!r}",
            todo=f"give {FEWEST_SESSIONS}+ sessions, 1+ days, seed 0+ and one of "
            + ", ".join(STRENGTHS),
        )
    return planted_world(sessions, days, seed, difficulty, start, SLOTS[difficulty])


def planted_world(
    sessions: int,
    days: int,
    seed: int,
    difficulty: Difficulty,
    start: date,
    slots: Sequence[Slot],
) -> World:
    """A world with a cause for each of these slots, as strong as the difficulty says."""
    strength = STRENGTHS[difficulty]
    setting = make_setting(sessions, days, strength, seed)
    climate = make_climate(setting, days, strength, seed)
    pilot = _pilot(setting, climate, sessions, days, seed)
    plan = plant(setting, pilot, slots, strength, seed, sessions)
    return World(sessions, days, seed, difficulty, start, setting, climate, plan)


def _pilot(setting: Setting, climate: Climate, sessions: int, days: int, seed: int) -> Pilot:
    """A sample of the exposure that only the choice of causes looks at."""
    count = min(PILOT_SESSIONS, max(sessions, 20_000)) // days + 1
    parts = [draw_visits(setting, day, count, seed, "pilot") for day in range(days)]
    codes = {name: np.concatenate([part.codes[name] for part in parts]) for name in parts[0].codes}
    visits = Visits(
        np.concatenate([part.customer for part in parts]),
        np.concatenate([part.unit for part in parts]),
        np.concatenate([part.hour for part in parts]),
        codes,
    )
    return Pilot(visits, climate.rate(setting, visits), sessions / (count * days), days)
