"""The floor at work: a discrete-event simulation of units, queues and resources.

Belongs here: who is served when and by which resource, and what every resource did all the time.
Stays out: defects and where a unit goes next (fates.py), what the waits were made of (waits.py).

A resource takes the first case of its station's queue as soon as it is free and open: rush orders
first, then in order of arrival (from a stack: the last one first). An oven waits until its batch
is full or the oldest case has lost its patience. What was begun (a change of family, work) is
finished, after hours too.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import Any, NamedTuple

from cx_analytics.simulate.plant.fates import Defect, Fates
from cx_analytics.simulate.plant.makers import Maker
from cx_analytics.simulate.plant.orders import Orders
from cx_analytics.simulate.plant.stations import STATIONS, Calendar, Station

UNKNOWN = -1
SETTING_UP, WORKING = 0, 1


class Visit(NamedTuple):
    """One unit at one station. Times in whole seconds since the plant's first Monday.

    `ready` is the end of the step before (UNKNOWN at the first one), `arrived` when the unit stood
    in the queue, `complete` when the last unit of its batch did. `rejected` is 1 where an
    inspection turned the unit away.
    """

    unit: int
    station: int
    resource: int
    ready: int
    arrived: int
    complete: int
    begun: int
    ended: int
    rejected: int


class Spell(NamedTuple):
    """A stretch in which a resource was set up or worked (`state`); `arrived` is the first
    arrival among the cases that it served."""

    station: int
    resource: int
    begun: int
    ended: int
    state: int
    arrived: int


@dataclass(frozen=True)
class Floor:
    """All that happened: visits in the order in which they ended, spells of each resource in the
    order of time, defects in the order in which they were made; `exposures` counts work at the
    maker's step that was exposed to it."""

    visits: list[Visit]
    spells: list[Spell]
    defects: list[Defect]
    exposures: int


class _Waiting(NamedTuple):
    """A case in a queue, in the order in which cases are served."""

    rank: int
    order: int
    arrived: int
    unit: int
    ready: int


@dataclass
class _Resource:
    number: int
    calendar: Calendar
    free_at: int = 0
    family: int = UNKNOWN
    wakes_at: int = UNKNOWN


@dataclass
class _Line:
    """A station, its resources and its queue."""

    place: int
    station: Station
    resources: list[_Resource]
    queue: list[_Waiting] = field(default_factory=list)

    def is_ripe(self, at: int) -> bool:
        """Whether somebody is to be served as soon as a resource can."""
        if self.station.batch == 1 or len(self.queue) >= self.station.batch:
            return bool(self.queue)
        return any(at - case.arrived >= self.station.patience_s for case in self.queue)


def run_floor(orders: Orders, maker: Maker | None) -> Floor:
    """Send all units through the stations until the last one is packed or scrapped."""
    return _Run(orders, maker).run()


class _Run:
    """The state of a simulation: events are (second, order of creation, what, of whom)."""

    def __init__(self, orders: Orders, maker: Maker | None) -> None:
        self.fates = Fates(orders, maker)
        self.lines = [
            _Line(place, one, [_Resource(n, hours) for n, hours in enumerate(one.calendars)])
            for place, one in enumerate(STATIONS)
        ]
        self.events: list[tuple[int, int, Callable[..., None], tuple[Any, ...]]] = []
        self.created = 0
        self.visits: list[Visit] = []
        self.spells: list[Spell] = []
        self.released: list[int] = orders.released.tolist()
        self.family: list[int] = orders.family.tolist()
        self.rank: list[int] = (1 - orders.rush).tolist()
        self.work: list[list[list[float]]] = orders.work.tolist()
        self.carry: list[list[list[float]]] = orders.carry.tolist()

    def run(self) -> Floor:
        for unit, at in enumerate(self.released):
            self._at(at, self._arrive, self.lines[0], unit, UNKNOWN)
        while self.events:
            at, _, act, whom = heappop(self.events)
            act(at, *whom)
        return Floor(self.visits, self.spells, self.fates.defects, self.fates.exposures)

    def _at(self, at: int, act: Callable[..., None], *whom: Any) -> None:
        self.created += 1
        heappush(self.events, (at, self.created, act, whom))

    def _arrive(self, at: int, line: _Line, unit: int, ready: int) -> None:
        order = -at if line.station.stacked else at
        heappush(line.queue, _Waiting(self.rank[unit], order, at, unit, ready))
        if line.station.batch > 1:
            self._at(at + line.station.patience_s, self._serve, line)
        self._serve(at, line)

    def _serve(self, at: int, line: _Line) -> None:
        while line.is_ripe(at):
            resource = self._free(at, line)
            if resource is None:
                return
            self._begin(at, line, resource)

    def _free(self, at: int, line: _Line) -> _Resource | None:
        """A resource that can begin now: one set up for the family, else the longest idle one."""
        idle = [one for one in line.resources if one.free_at <= at]
        able = [one for one in idle if one.calendar.next_open(at) == at]
        if able:
            family = self.family[line.queue[0].unit]
            return min(able, key=lambda one: (one.family != family, one.free_at, one.number))
        for one in idle:
            opens = one.calendar.next_open(at)
            if one.wakes_at != opens:
                one.wakes_at = opens
                self._at(opens, self._serve, line)
        return None

    def _begin(self, at: int, line: _Line, resource: _Resource) -> None:
        station, place = line.station, line.place
        taken = [heappop(line.queue) for _ in range(min(station.batch, len(line.queue)))]
        first, since = taken[0].unit, min(case.arrived for case in taken)
        family, begun = self.family[first], at
        if station.setup_s and resource.family not in (family, UNKNOWN):
            begun = at + station.setup_s
            self.spells.append(Spell(place, resource.number, at, begun, SETTING_UP, since))
        factor = self.work[first][place][self.fates.passes[first][place]]
        ended = begun + max(1, round(station.work_s * factor))
        self.spells.append(Spell(place, resource.number, begun, ended, WORKING, since))
        resource.family, resource.free_at = family, ended
        self._at(ended, self._end, line, resource.number, taken, begun)

    def _end(self, at: int, line: _Line, resource: int, taken: list[_Waiting], begun: int) -> None:
        complete = max(case.arrived for case in taken)
        for case in taken:
            onward = self.fates.after(case.unit, line.place, resource, begun)
            rejected = int(onward != line.place + 1)
            self.visits.append(
                Visit(
                    case.unit, line.place, resource, case.ready, case.arrived, complete, begun, at,
                    rejected,
                )
            )  # fmt: skip
            if onward is not None and onward < len(self.lines):
                arrives = at + self._way(case.unit, onward)
                self._at(arrives, self._arrive, self.lines[onward], case.unit, at)
        self._serve(at, line)

    def _way(self, unit: int, place: int) -> int:
        """Seconds that a unit is on its way to a station."""
        factor = self.carry[unit][place][self.fates.passes[unit][place]]
        return round(STATIONS[place].transport_s * factor)
