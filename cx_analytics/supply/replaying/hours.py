"""When a resource is open: the hours of the week learned from its work, and those it worked anyway.

Belongs here: calendars over whole hours since 1970-01-01, UTC. Stays out: what waits for them
(floor.py) and how a wait is explained in the tables (sql/supply/step_times.sql, which learns the
hours of the week by the same rule).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cx_analytics.supply.times import CalendarRule

HOUR_US = 3_600_000_000
WEEK_H = 168
LONGEST_H = 744
"""Hours of one piece of work that are looked at: what runs longer than a month is no shift."""

Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Hours:
    """When one resource is open.

    Parameters
    ----------
    week : whether each of the 168 hours of the week is open; null = always open.
    worked : single hours in which it worked though the week has them closed.
    """

    week: tuple[bool, ...] | None
    worked: frozenset[int] = frozenset()

    def is_open(self, at_us: int) -> bool:
        """Whether it is open in the hour of that moment."""
        hour = at_us // HOUR_US
        return self.week is None or self.week[hour % WEEK_H] or hour in self.worked

    def turns_at(self, at_us: int) -> int | None:
        """The next moment at which it opens or closes; None when it never does."""
        if self.week is None or all(self.week) or not (any(self.week) or self.worked):
            return None
        hour, now = at_us // HOUR_US, self.is_open(at_us)
        while self.is_open(hour * HOUR_US) == now:
            hour += 1
        return hour * HOUR_US

    def opened(self, first_hour: int, hours: int) -> Bools:
        """Whether each of so many hours from `first_hour` on is open."""
        if self.week is None:
            return np.ones(hours, dtype=bool)
        each = np.array(self.week)[(first_hour + np.arange(hours)) % WEEK_H]
        inside = [hour - first_hour for hour in self.worked if 0 <= hour - first_hour < hours]
        each[inside] = True
        return each


ALWAYS = Hours(None)


def learn_hours(
    spans: Mapping[str, Sequence[tuple[int, int]]], rule: CalendarRule
) -> dict[str, Hours]:
    """The hours of each resource, from the spans [start, end) in microseconds that it worked.

    A resource that worked in fewer hours than the rule asks for is given those in which anybody
    worked.
    """
    worked = {name: worked_hours(each) for name, each in spans.items()}
    everybody = _week(np.unique(np.concatenate([*worked.values(), np.array([], np.int64)])), rule)
    return {
        name: Hours(
            _week(hours, rule) if hours.size >= rule.minimum_hours else everybody,
            frozenset(hours.tolist()),
        )
        for name, hours in worked.items()
    }


def worked_hours(spans: Sequence[tuple[int, int]]) -> Ints:
    """The hours that the spans touch, ascending; a span of no length touches the one it lies in."""
    touched = [
        np.arange(
            start // HOUR_US, min(max(end - 1, start) // HOUR_US, start // HOUR_US + LONGEST_H) + 1
        )
        for start, end in spans
    ]
    return np.unique(np.concatenate(touched)) if touched else np.array([], np.int64)


def _week(hours: Ints, rule: CalendarRule) -> tuple[bool, ...]:
    if not hours.size:
        return (True,) * WEEK_H
    weeks = (hours[-1] - hours[0]) // WEEK_H + 1
    seen = np.unique(np.stack([hours % WEEK_H, hours // WEEK_H]), axis=1)
    counts = np.bincount(seen[0], minlength=WEEK_H)
    return tuple((counts >= max(rule.open_share * weeks, 1)).tolist())
