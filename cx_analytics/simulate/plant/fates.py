"""What becomes of a unit at a station: a defect, a reject, rework, scrap.

Belongs here: chance that was drawn in advance (orders.py) turned into events. Stays out: time.
"""

from __future__ import annotations

from dataclasses import dataclass

from cx_analytics.simulate.plant.makers import REWORKED, SEEN, Maker
from cx_analytics.simulate.plant.orders import PASSES, Orders
from cx_analytics.simulate.plant.stations import STATIONS


@dataclass
class Defect:
    """A defect: made by which resource of which station in which pass, and whether the work was
    exposed to the maker. `found` is the station that saw it, None while nobody did; `reworked`
    says what came of it then."""

    unit: int
    station: int
    resource: int
    turn: int
    made: int
    exposed: bool
    found: int | None = None
    found_turn: int | None = None
    reworked: bool = False


class Fates:
    """The way of all units. `passes[u][s]` counts how often unit u was at station s."""

    def __init__(self, orders: Orders, maker: Maker | None) -> None:
        self.maker = maker
        self.defects: list[Defect] = []
        self.passes = [[0] * len(STATIONS) for _ in range(orders.units)]
        self.exposures = 0
        self._hidden: dict[int, list[Defect]] = {}
        self._component_lot: list[list[int]] = orders.component_lot.tolist()
        self._defect, self._seen, self._kept = orders.defect, orders.seen, orders.kept
        self._inspects = [
            {place for place, one in enumerate(STATIONS) if one.name in station.inspects}
            for station in STATIONS
        ]

    def after(self, unit: int, place: int, resource: int, begun: int) -> int | None:
        """Where the unit goes after this work: a station (one beyond the last: shipped), or None
        when it is scrapped."""
        turn = self.passes[unit][place]
        self.passes[unit][place] += 1
        if STATIONS[place].defect:
            self._make(unit, place, resource, turn, begun)
        found = self._look(unit, place, turn) if self._inspects[place] else None
        if found is None:
            return place + 1
        passed = max(self.passes[unit][found.station], self.passes[unit][place])
        found.reworked = bool(self._kept[unit, place, turn] < REWORKED and passed < PASSES)
        return found.station if found.reworked else None

    def _make(self, unit: int, place: int, resource: int, turn: int, begun: int) -> None:
        exposed = self._is_exposed(unit, place, resource, begun)
        self.exposures += exposed
        ratio = self.maker.rate_ratio if self.maker and exposed else 1.0
        if self._defect[unit, place, turn] < STATIONS[place].defect * ratio:
            defect = Defect(unit, place, resource, turn, begun, exposed)
            self.defects.append(defect)
            self._hidden.setdefault(unit, []).append(defect)

    def _is_exposed(self, unit: int, place: int, resource: int, begun: int) -> bool:
        maker = self.maker
        if maker is None or maker.place != place:
            return False
        return maker.exposes(self._component_lot[unit], resource, begun)

    def _look(self, unit: int, place: int, turn: int) -> Defect | None:
        """The first defect that is seen. Rework repairs all that could have been seen."""
        visible = [
            one for one in self._hidden.get(unit, ()) if one.station in self._inspects[place]
        ]
        if not visible or self._seen[unit, place, turn] >= SEEN:
            return None
        self._hidden[unit] = [one for one in self._hidden[unit] if one not in visible]
        visible[0].found, visible[0].found_turn = place, turn
        return visible[0]
