"""What the plant is asked to make: lots of product families, rush orders, and component lots.

Belongs here: lots with their units, release times, and all chance that units meet on their way,
drawn in advance so that a change of the floor leaves it as it was (common random numbers).
Stays out: the way itself (floor.py).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cx_analytics.simulate.chance import Flags, Floats, Ints, draw, generator
from cx_analytics.simulate.plant.stations import DAY, HOUR, STATIONS, WEEK

FAMILIES = ("Terra 1", "Terra 2", "Terra 3")
COMPONENTS = tuple(station.component for station in STATIONS if station.component)
SUPPLIERS = {"board": ("Plattner", "Cirque"), "battery": ("Voltara", "Celmond")}

LOT, RUSH_LOT = 24, 16
"""Units of an ordinary lot and of a rush order."""

RUSH = 0.3
"""Share of lots that are rush orders."""

UNITS_A_WEEK = 1100
"""What is released in a week, on average."""

RELEASED_H = (6.0, 20.0)
"""Hours of a workday in which lots are released."""

COMPONENT_LOT = 600
"""Units that a component lot is enough for."""

PASSES = 3
"""Times that a unit may pass a step; then it is scrapped."""


@dataclass(frozen=True)
class Orders:
    """Units in the order of their release; arrays have a row a unit.

    `component_lot[u, c]` is the code of component c's lot. `work[u, s, n]` is the factor of the
    work at station s in pass n, `carry` that of the way to it; `defect`, `seen` and `kept` are even
    draws in [0, 1) that decide whether a defect is made, whether it is seen, and whether a rejected
    unit is reworked.
    """

    lot: Ints
    family: Ints
    rush: Flags
    released: Ints
    component_lot: Ints
    work: Floats
    carry: Floats
    defect: Floats
    seen: Floats
    kept: Floats

    @property
    def units(self) -> int:
        return len(self.lot)


def make_orders(cases: int, seed: int) -> Orders:
    """Orders for that many units."""
    rng = generator(seed, "orders")
    count = cases // RUSH_LOT + 2
    rush_lot = rng.random(count) < RUSH
    sizes = np.where(rush_lot, RUSH_LOT, LOT)
    count = int(np.searchsorted(np.cumsum(sizes), cases)) + 1
    sizes, rush_lot = sizes[:count], rush_lot[:count]
    lot = np.repeat(np.arange(count), sizes)[:cases]
    released = _released(rng, sizes)
    shape = (cases, len(STATIONS), PASSES)
    spread = np.array([station.spread for station in STATIONS])[None, :, None]
    return Orders(
        lot=lot,
        family=draw(rng, np.array([0.5, 0.3, 0.2]), count)[lot],
        rush=rush_lot[lot],
        released=released[lot],
        component_lot=_component_lots(rng, cases),
        work=rng.gamma(1 / spread**2, spread**2, shape),
        defect=rng.random(shape),
        seen=rng.random(shape),
        kept=rng.random(shape),
        carry=rng.uniform(0.8, 1.2, shape),
    )


def component_lot_name(component: str, code: int) -> str:
    """The name of a component lot.

    >>> component_lot_name("board", 3)
    'BOA-1003'
    """
    return f"{component[:3].upper()}-{1000 + code}"


def supplier_of(component: str, code: int) -> str:
    """Who made a component lot: the suppliers take turns."""
    names = SUPPLIERS[component]
    return names[code % len(names)]


def _released(rng: np.random.Generator, sizes: Ints) -> Ints:
    """When each lot is released: its share of the working hours, a bit of chance on top."""
    begins, ends = (round(hour * HOUR) for hour in RELEASED_H)
    day = ends - begins
    worked = (np.cumsum(sizes) - sizes) / UNITS_A_WEEK * 5 * day
    worked = worked + rng.uniform(0, 0.6, len(sizes)) * LOT / UNITS_A_WEEK * 5 * day
    days, second = np.divmod(np.sort(worked).astype(np.int64), day)
    return np.asarray(days // 5 * WEEK + days % 5 * DAY + begins + second)


def _component_lots(rng: np.random.Generator, cases: int) -> Ints:
    """Two component lots are in use at a time; one follows the other."""
    place = np.arange(cases)[:, None] / COMPONENT_LOT
    offset = rng.uniform(0, 1, len(COMPONENTS))
    mixed = rng.integers(0, 2, (cases, len(COMPONENTS)))
    return np.asarray((place + offset + mixed).astype(np.int64))
