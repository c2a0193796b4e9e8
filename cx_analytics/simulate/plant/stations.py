"""The stations of a planted plant, and the hours in which their resources work.

Belongs here: what stands on the floor, as data, and calendars. Stays out: what happens there
(floor.py), who makes defects (makers.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from cx_analytics.simulate.chance import Ints

HOUR, DAY, WEEK = 3600, 86400, 604800


@dataclass(frozen=True)
class Calendar:
    """Hours of a week in which a resource may begin work: `opened` are [from, to) in seconds
    since Monday 00:00. Work that was begun is finished after hours."""

    opened: tuple[tuple[int, int], ...]

    @cached_property
    def edges(self) -> Ints:
        """Where the state changes within the week, from 0 (closed) to WEEK (closed)."""
        return np.array([0, *(edge for window in self.opened for edge in window), WEEK])

    @cached_property
    def _closed_at(self) -> Ints:
        """Closed seconds of the week before each edge."""
        lengths = np.diff(self.edges)
        return np.concatenate([[0], np.cumsum(np.where(np.arange(len(lengths)) % 2, 0, lengths))])

    def next_open(self, at: int) -> int:
        """The first second from `at` on in which work may begin."""
        week, second = divmod(at, WEEK)
        for begins, ends in self.opened:
            if second < ends:
                return week * WEEK + max(second, begins)
        return (week + 1) * WEEK + self.opened[0][0]

    def closed_before(self, at: Ints) -> Ints:
        """Closed seconds between the start of the plant and each of these moments."""
        week, second = np.divmod(at, WEEK)
        closed = np.interp(second, self.edges, self._closed_at)
        return np.asarray(week * self._closed_at[-1] + np.rint(closed), dtype=np.int64)


def weekly(days: Sequence[int], hours: Sequence[tuple[float, float]]) -> Calendar:
    """The same hours on each of these days (0 = Monday); windows that touch become one.

    >>> weekly([0, 1], [(6, 12), (12.5, 24)]).opened[:2]
    ((21600, 43200), (45000, 86400))
    >>> weekly([0, 1], [(0, 24)]).opened
    ((0, 172800),)
    """
    windows: list[tuple[int, int]] = []
    for day in days:
        for begins, ends in hours:
            window = (day * DAY + round(begins * HOUR), day * DAY + round(ends * HOUR))
            if windows and windows[-1][1] == window[0]:
                window = (windows.pop()[0], window[1])
            windows.append(window)
    return Calendar(tuple(windows))


WORKDAYS = range(5)
DAY_SHIFT = weekly(WORKDAYS, [(6, 10), (10.5, 14)])
TWO_SHIFTS = weekly(WORKDAYS, [(6, 10), (10.5, 14), (14, 18), (18.5, 22)])
THREE_SHIFTS = weekly(WORKDAYS, [(0, 24)])

SHIFTS = ("06-14 UTC", "14-22 UTC", "22-06 UTC")
"""Shifts of eight hours, from 06:00 on."""


def shift_at(second: int) -> int:
    """The shift (code into SHIFTS) at a moment.

    >>> [shift_at(hour * HOUR) for hour in (5, 6, 21)]
    [2, 0, 1]
    """
    return (second - 6 * HOUR) % DAY // (8 * HOUR)


@dataclass(frozen=True)
class Station:
    """A step of production with the resources that can do it.

    `calendars` has one entry a resource. `work_s` is the mean work, `spread` its coefficient of
    variation; `transport_s` the mean way from the step before. An oven takes up to
    `batch` cases and waits for that many, at most `patience_s`. A change of product family costs
    `setup_s`. Where cases are `stacked`, the last one to arrive is the first to be served. Work
    here makes a defect with probability `defect`; `component` is built in here. `inspects` are the
    steps whose defects can be seen here.
    """

    name: str
    calendars: tuple[Calendar, ...]
    work_s: float
    spread: float
    transport_s: int
    batch: int = 1
    patience_s: int = 0
    setup_s: int = 0
    defect: float = 0.0
    stacked: bool = False
    component: str | None = None
    inspects: tuple[str, ...] = ()

    @property
    def resources(self) -> tuple[str, ...]:
        """Names of the parallel resources."""
        return tuple(f"{self.name}-{number + 1}" for number in range(len(self.calendars)))


STATIONS: tuple[Station, ...] = (
    Station("kitting", (TWO_SHIFTS,) * 2, 300, 0.3, 0),
    Station(
        "placement",
        (THREE_SHIFTS,) * 3,
        680,
        0.25,
        600,
        setup_s=2400,
        defect=0.03,
        component="board",
    ),
    Station("reflow", (THREE_SHIFTS,) * 2, 2400, 0.05, 900, batch=32, patience_s=14400),
    Station("optical_inspection", (THREE_SHIFTS,) * 2, 380, 0.3, 900, inspects=("placement",)),
    Station(
        "assembly",
        (TWO_SHIFTS, TWO_SHIFTS, TWO_SHIFTS, TWO_SHIFTS, DAY_SHIFT),
        900,
        0.3,
        1800,
        defect=0.03,
        stacked=True,
        component="battery",
    ),
    Station("curing", (THREE_SHIFTS,) * 2, 3600, 0.05, 900, batch=40, patience_s=14400),
    Station(
        "final_test",
        (TWO_SHIFTS,) * 5,
        620,
        0.3,
        900,
        setup_s=1200,
        inspects=("placement", "assembly"),
    ),
    Station("packing", (TWO_SHIFTS,) * 2, 300, 0.3, 1800),
)
"""The floor of the planted plant. Each step that makes defects is inspected two steps later."""

PLACES = {station.name: place for place, station in enumerate(STATIONS)}
