"""Who makes the defects: one resource, component lot or shift that does so more often.

Belongs here: choosing the maker, and whether work was exposed to it. Stays out: what becomes of a
defect (floor.py, field.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from cx_analytics.simulate.chance import generator
from cx_analytics.simulate.plant.orders import COMPONENT_LOT, COMPONENTS, component_lot_name
from cx_analytics.simulate.plant.stations import PLACES, SHIFTS, STATIONS, shift_at
from cx_analytics.simulate.scale import Difficulty

MakerKind = Literal["resource", "component_lot", "shift"]
MAKER_KINDS: tuple[MakerKind, ...] = get_args(MakerKind)

RATE_RATIOS: Mapping[Difficulty, float | None] = {
    "easy": 5.0,
    "medium": 3.0,
    "hard": 2.0,
    "null": None,
}
"""How many times as many defects the maker makes; a healthy plant (null) has no maker."""

SEEN = 0.85
"""Share of the defects that an inspection sees."""

REWORKED = 0.75
"""Share of the rejected units that go back to the step that made the defect; others are scrap."""


@dataclass(frozen=True)
class Maker:
    """What makes defects: its kind, its name, the step where it does so, and how many times as
    many. `code` is the resource, the component lot or the shift."""

    kind: MakerKind
    value: str
    step: str
    rate_ratio: float
    code: int

    @property
    def place(self) -> int:
        """The station, as a place in STATIONS."""
        return PLACES[self.step]

    @property
    def component(self) -> int:
        """The column of the component that is built in at the step."""
        return COMPONENTS.index(STATIONS[self.place].component)

    @property
    def inspected_at(self) -> str:
        """The first inspection that can see the defects."""
        return next(station.name for station in STATIONS if self.step in station.inspects)

    def exposes(self, component_lots: list[int], resource: int, begun: int) -> bool:
        """Whether work at the maker's step was exposed to it.

        Parameters
        ----------
        component_lots : the unit's component lots, by component
        resource : which of the step's resources
        begun : when the work began, in seconds
        """
        if self.kind == "resource":
            return resource == self.code
        if self.kind == "component_lot":
            return component_lots[self.component] == self.code
        return shift_at(begun) == self.code


def choose_maker(
    cases: int, seed: int, rate_ratio: float | None, kind: MakerKind | None = None
) -> Maker | None:
    """A maker of that kind (any if None) at one of the steps that make defects; None if healthy."""
    if rate_ratio is None:
        return None
    rng = generator(seed, "maker")
    chosen = MAKER_KINDS[int(rng.integers(len(MAKER_KINDS)))]
    kind = kind or chosen
    makes = [station for station in STATIONS if station.defect > 0]
    station = makes[int(rng.integers(len(makes)))]
    if kind == "resource":
        code = int(rng.integers(len(station.resources)))
        return Maker(kind, station.resources[code], station.name, rate_ratio, code)
    if kind == "shift":
        code = int(rng.integers(2))
        return Maker(kind, SHIFTS[code], station.name, rate_ratio, code)
    code = int(rng.integers(1, max(2, cases // COMPONENT_LOT)))
    name = component_lot_name(str(station.component), code)
    return Maker(kind, name, station.name, rate_ratio, code)
