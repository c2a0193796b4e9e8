"""Who stands in which queue, and how much of a wait its resources were available.

Belongs here: what the log says about the queues before resources. Stays out: reading the log
(log.py), letting it happen again (floor.py).

Resources that do one step share a queue unless the log speaks against it: where cases wait for a
busy resource while another one that does their step is free, each resource has a queue of its own.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cx_analytics.supply.replaying.hours import QUARTER_US, Bools, Hours, Ints

OFTEN = 0.02
"""A resource does a step when it did at least this share of the step's activities."""

SPURNED = 0.5
"""A queue is not shared when at least this share of those who waited for a busy resource until it
came free could have had another one."""

USUAL_LOAD = 0.8
"""A resource has room for one more while it works on no more than it did beside this share of its
activities."""


@dataclass(frozen=True)
class Spans:
    """Activities in the order in which they began: (activities,) each, times in microseconds.

    `step` and `place` are numbers, a place of −1 is no resource; `ready` is when the last of an
    activity's cases had come.
    """

    step: Ints
    place: Ints
    ready: Ints
    start: Ints
    end: Ints

    def at(self, place: int) -> Ints:
        """The activities of a place in their order."""
        return np.flatnonzero(self.place == place)


@dataclass(frozen=True)
class Queues:
    """The queues of a log.

    Attributes
    ----------
    line : (activities,) the queue of each; −1 without a resource.
    places : the resources of each queue.
    usual : (places,) how many others a resource may be working on when one more begins.
    beside : (activities,) the same for its own resource: at least what it was in the log.
    idle_us : (activities,) time that each let pass though a resource of its queue was available.
    """

    line: Ints
    places: tuple[tuple[int, ...], ...]
    usual: Ints
    beside: Ints
    idle_us: Ints


def learn_queues(spans: Spans, hours: Sequence[Hours]) -> Queues:
    """What the log says about its queues."""
    beside = np.zeros(len(spans.start), np.int64)
    usual = np.zeros(len(hours), np.int64)
    for place in range(len(hours)):
        here = spans.at(place)
        found = _running(spans.start[here], spans.end[here])
        usual[place] = int(np.quantile(found, USUAL_LOAD)) if len(found) else 0
        beside[here] = np.maximum(found, usual[place])
    clock = _Clock(spans, hours)
    line, places = _lines(spans, clock, usual, beside)
    idle = spans.start - spans.ready
    for number, together in enumerate(places):
        here = np.flatnonzero(line == number)
        idle[here] = clock.available(here, together, usual, beside)
    return Queues(line, places, usual, beside, idle)


def _running(start: Ints, end: Ints) -> Ints:
    """How many of the activities before it were running when each began."""
    running: list[int] = []
    found = np.zeros(len(start), np.int64)
    for number, (begins, ends) in enumerate(zip(start.tolist(), end.tolist(), strict=True)):
        while running and running[0] <= begins:
            heapq.heappop(running)
        found[number] = len(running)
        if ends > begins:
            heapq.heappush(running, ends)
    return found


def _lines(
    spans: Spans, clock: _Clock, usual: Ints, beside: Ints
) -> tuple[Ints, tuple[tuple[int, ...], ...]]:
    places: list[tuple[int, ...]] = [(place,) for place in range(len(usual))]
    line = spans.place.copy()
    for step in np.unique(spans.step):
        here = np.flatnonzero((spans.step == step) & (spans.place >= 0))
        count = np.bincount(spans.place[here], minlength=len(usual))
        able = np.flatnonzero(count > OFTEN * max(len(here), 1))
        here = here[np.isin(spans.place[here], able)]
        if len(able) > 1 and _shared(spans, clock, here, able, usual, beside):
            line[here] = len(places)
            places.append(tuple(able.tolist()))
    return line, tuple(places)


def _shared(spans: Spans, clock: _Clock, here: Ints, able: Ints, usual: Ints, beside: Ints) -> bool:
    """Whether those who began as soon as their busy resource had room could have had no other."""
    waited = here[spans.ready[here] < spans.start[here]]
    start, own = spans.start[waited], spans.place[waited]
    until_free, had_other = (np.zeros(len(waited), dtype=bool) for _ in range(2))
    for place in able:
        mine = own == place
        room = np.where(mine, beside[waited], usual[place])
        free = clock.free_before(place, start, room)
        until_free |= mine & clock.open_before(place, start) & ~free
        had_other |= ~mine & free
    return not until_free.any() or bool(had_other[until_free].mean() < SPURNED)


class _Clock:
    """How busy and how open each resource was at any moment of the log."""

    def __init__(self, spans: Spans, hours: Sequence[Hours]) -> None:
        self.spans, self.hours = spans, hours
        first = int(spans.ready.min()) // QUARTER_US - 1
        count = int(spans.end.max()) // QUARTER_US - first + 2
        self.first_us = first * QUARTER_US
        self.open = [each.opened(first, count) for each in hours]
        loads = [self._load(place) for place in range(len(hours))]
        self.moments, self.level = ([load[part] for load in loads] for part in (0, 1))

    def _load(self, place: int) -> tuple[Ints, Ints]:
        here = self.spans.at(place)
        here = here[self.spans.end[here] > self.spans.start[here]]
        edges = np.concatenate([self.spans.start[here], self.spans.end[here]])
        moments, slot = np.unique(edges, return_inverse=True)
        change = np.repeat([1, -1], len(here))
        level = np.cumsum(np.bincount(slot, change, len(moments))).astype(np.int64)
        return moments, np.concatenate([[0], level])

    def free(self, place: int, at: Ints, room: Ints) -> Bools:
        """Whether it was open and had room from each moment on."""
        return self._free(place, at, room, np.searchsorted(self.moments[place], at, "right"))

    def free_before(self, place: int, at: Ints, room: Ints) -> Bools:
        """Whether it was open and had room just before each moment."""
        return self._free(place, at - 1, room, np.searchsorted(self.moments[place], at, "left"))

    def open_before(self, place: int, at: Ints) -> Bools:
        """Whether it was open just before each moment."""
        return np.asarray(self.open[place][(at - 1 - self.first_us) // QUARTER_US])

    def _free(self, place: int, at: Ints, room: Ints, slot: Ints) -> Bools:
        opened = self.open[place][(at - self.first_us) // QUARTER_US]
        return np.asarray(opened & (self.level[place][slot] <= room))

    def available(self, here: Ints, together: Sequence[int], usual: Ints, beside: Ints) -> Ints:
        """Between ready and start of each: the time in which one of the places was free."""
        if not len(here):
            return np.array([], np.int64)
        edges = np.unique(np.concatenate([self._edges(place) for place in together]))
        free = {place: self.free(place, edges, usual[place]) for place in together}
        anybody = np.logical_or.reduce(list(free.values()))
        found = np.zeros(len(here), np.int64)
        for number, one in enumerate(here.tolist()):
            ready, start = int(self.spans.ready[one]), int(self.spans.start[one])
            left = int(np.searchsorted(edges, ready, "right"))
            right = max(int(np.searchsorted(edges, start, "left")), left)
            then = slice(left - 1, right)
            place = int(self.spans.place[one])
            room = anybody[then]
            if beside[one] > usual[place]:
                room = room | self.free(place, edges[then], beside[one])
            lengths = np.diff(np.concatenate([[ready], edges[left:right], [start]]))
            found[number] = lengths[room].sum()
        return found

    def _edges(self, place: int) -> Ints:
        """When the state of a place changes; the beginning of the clock is one."""
        turned = np.flatnonzero(np.diff(self.open[place])) + 1
        first = np.array([0, *turned]) * QUARTER_US + self.first_us
        return np.concatenate([first, self.moments[place]])
