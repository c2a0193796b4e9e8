"""When a resource is open: by hours that are given, or learned from its work; and when it worked.

Belongs here: calendars over quarters of an hour since 1970-01-01, UTC. Stays out: what waits for
them (floor.py) and how a wait is explained in the tables (sql/supply/working_hours.sql, which takes
given hours in the same way, and learns the hours of the week by the same rule).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cx_analytics.supply.times import CalendarRule

QUARTER_US = 900_000_000
HOUR_US = 4 * QUARTER_US
WEEK_H = 168
WEEK_Q = 4 * WEEK_H
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
    week : whether each of the 672 quarters of an hour of the week is open, from Thursday 00:00 UTC
        (as 1970 began); null = always open.
    worked : single quarters in which it worked though the week has them closed.
    """

    week: tuple[bool, ...] | None
    worked: frozenset[int] = frozenset()

    def is_open(self, at_us: int) -> bool:
        """Whether it is open in the quarter of an hour of that moment."""
        quarter = at_us // QUARTER_US
        return self.week is None or self.week[quarter % WEEK_Q] or quarter in self.worked

    def turns_at(self, at_us: int) -> int | None:
        """The next moment at which it opens or closes; None when it never does."""
        if self.week is None or all(self.week) or not (any(self.week) or self.worked):
            return None
        quarter, now = at_us // QUARTER_US, self.is_open(at_us)
        while self.is_open(quarter * QUARTER_US) == now:
            quarter += 1
        return quarter * QUARTER_US

    def opened(self, first: int, count: int) -> Bools:
        """Whether each of so many quarters of an hour from `first` on is open."""
        if self.week is None:
            return np.ones(count, dtype=bool)
        each = np.array(self.week)[(first + np.arange(count)) % WEEK_Q]
        inside = [quarter - first for quarter in self.worked if 0 <= quarter - first < count]
        each[inside] = True
        return each


ALWAYS = Hours(None)


def learn_hours(
    spans: Mapping[str, Sequence[tuple[int, int]]],
    rule: CalendarRule,
    given: Mapping[str, frozenset[int]] | None = None,
) -> dict[str, Hours]:
    """The hours of each resource, from the spans [start, end) in microseconds that it worked.

    Those in `given` have the open quarters of the week that stand there. Of the others, one that
    worked in fewer hours than the rule asks for is given those in which anybody worked.
    """
    worked = {name: _touched(each, HOUR_US) for name, each in spans.items()}
    everybody = _week(np.unique(np.concatenate([*worked.values(), np.array([], np.int64)])), rule)
    return {
        name: _given_hours(spans[name], given[name])
        if given and name in given
        else Hours(
            _week(hours, rule) if hours.size >= rule.minimum_hours else everybody,
            frozenset((4 * hours[:, None] + np.arange(4)).ravel().tolist()),
        )
        for name, hours in worked.items()
    }


def _given_hours(spans: Sequence[tuple[int, int]], week: frozenset[int]) -> Hours:
    opened = tuple(quarter in week for quarter in range(WEEK_Q))
    return Hours(opened, frozenset(_touched(spans, QUARTER_US).tolist()))


def _touched(spans: Sequence[tuple[int, int]], unit_us: int) -> Ints:
    """The hours (or quarters) that the spans touch, ascending.

    A span of no length touches the one it lies in.
    """
    longest = LONGEST_H * HOUR_US // unit_us
    touched = [
        np.arange(
            start // unit_us, min(max(end - 1, start) // unit_us, start // unit_us + longest) + 1
        )
        for start, end in spans
    ]
    return np.unique(np.concatenate(touched)) if touched else np.array([], np.int64)


def _week(hours: Ints, rule: CalendarRule) -> tuple[bool, ...]:
    if not hours.size:
        return (True,) * WEEK_Q
    weeks = (hours[-1] - hours[0]) // WEEK_H + 1
    seen = np.unique(np.stack([hours % WEEK_H, hours // WEEK_H]), axis=1)
    counts = np.bincount(seen[0], minlength=WEEK_H)
    return tuple(np.repeat(counts >= max(rule.open_share * weeks, 1), 4).tolist())
