"""A queue before resources, at one moment: who waits, for what, and who may begin where.

Belongs here: the state of resources and queues, and the rules of service. Stays out: time moving
on (floor.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cx_analytics.supply.replaying.hours import Hours

UNSEEN = -(2**63)
"""The time of what has not come to pass."""


class Waiting:
    """An activity in a queue; one that squeezes began in the log beside more than usual."""

    __slots__ = ("activity", "beside", "left", "order", "place", "squeezes", "state")

    def __init__(self, activity: int, order: int, place: int, beside: int, usual: int) -> None:
        self.activity, self.order = activity, order
        self.place, self.beside, self.squeezes = place, beside, beside > usual
        self.left, self.state = 0, NEW


NEW, RUNS, BUSY, CLOSED = range(4)
"""What one in a queue waits for: to be looked at; its idle time to pass; a busy resource; a closed
one."""


class Station:
    """A resource: how many are in service, and whether it is open."""

    def __init__(self, hours: Hours, room: int) -> None:
        self.hours, self.room = hours, room
        self.serving = 0
        self.open = False
        self.turns: int | None = UNSEEN

    def look_at_clock(self, now: int) -> None:
        """Open or close; the hours are asked only once they may have turned."""
        if self.turns is not None and now >= self.turns:
            self.open, self.turns = self.hours.is_open(now), self.hours.turns_at(now)


class Line:
    """A queue before one resource or several that share it."""

    def __init__(
        self, places: Sequence[int], stations: Sequence[Station], added: Mapping[int, int]
    ) -> None:
        self.places = places
        self.stations = stations
        self.added = added
        self.queue: list[Waiting] = []
        self.settled = 0
        self.wake = 0

    def look_at_clock(self, now: int) -> None:
        for place in self.places:
            self.stations[place].look_at_clock(now)

    def free_place(self) -> int | None:
        """The first resource that is open and no busier than usual."""
        return next(
            (place for place in self.places if self._is_free(place, self.stations[place].room)),
            None,
        )

    def place_for(self, one: Waiting, free: int | None) -> int | None:
        """Where it can begin: at the resource that it had in the log, else at the free one."""
        if free is None and not one.squeezes:
            return None
        mine = self._is_free(one.place, one.beside + self.added.get(one.place, 0))
        return one.place if mine else free

    def _is_free(self, place: int, room: int) -> bool:
        station = self.stations[place]
        return station.open and station.serving <= room

    def first(self) -> tuple[Waiting, int] | None:
        """Who may begin now, the earliest by the order of the log, and where."""
        free = self.free_place() if self.queue else None
        for one in self.queue:
            if one.left == 0:
                place = self.place_for(one, free)
                if place is not None:
                    return one, place
        return None

    def next_turn(self) -> int | None:
        """When a resource opens or closes next."""
        turns = (self.stations[place].turns for place in self.places)
        return min((at for at in turns if at is not None), default=None)

    def look(self) -> int | None:
        """See what each waits for; the shortest idle time that is running."""
        opened = any(self.stations[place].open for place in self.places)
        free, shortest = self.free_place(), None
        for one in self.queue:
            if self.place_for(one, free) is None:
                one.state = BUSY if opened else CLOSED
            else:
                one.state = RUNS
                shortest = one.left if shortest is None else min(shortest, one.left)
        return shortest
