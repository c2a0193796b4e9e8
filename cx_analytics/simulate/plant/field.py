"""The plant's units in the field: who was shipped, what is built in, how they are used and fail.

Belongs here: the feeds `units`, `components` and `sessions` of a plant, and the truth about faults.
Stays out: the floor. Units that were exposed to the maker fail that many times as often, whether
an inspection found something or not.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import polars as pl

from cx_analytics.simulate.chance import Flags, Ints, Texts, draw, generator, noise
from cx_analytics.simulate.plant.orders import (
    COMPONENTS,
    FAMILIES,
    component_lot_name,
    supplier_of,
)
from cx_analytics.simulate.plant.plant import LINE, SITE, Plant, lot_ids, moments, unit_ids
from cx_analytics.simulate.plant.stations import DAY, HOUR, STATIONS

FIELD_DAYS = 14
SESSIONS_A_UNIT = 8.0
FAULT_RATE = 0.02
"""Faults a session of a unit that was not exposed, on average."""

FAULTS = ("reboot", "no_network", "app_crash")
BACKGROUND_MIX = (0.3, 0.4, 0.3)
MAKER_MIX = (0.8, 0.15, 0.05)


@dataclass(frozen=True)
class Field:
    """What became of every unit: `packed` (seconds) or -1, `exposed` to the maker at its last pass.

    `resource[u, s]` is the resource that worked on unit u at station s last, `begun[u, s]` when.
    """

    packed: Ints
    exposed: Flags
    resource: Ints
    begun: Ints

    @property
    def shipped(self) -> Ints:
        """Units that were shipped."""
        return np.flatnonzero(self.packed >= 0)


def make_field(plant: Plant) -> Field:
    """What of the floor matters in the field."""
    visits = plant.visits
    shape = (plant.cases, len(STATIONS))
    resource, begun = np.full(shape, -1), np.full(shape, -1)
    # Visits stand in the order in which they ended, so that the last pass is written last.
    resource[visits["unit"], visits["station"]] = visits["resource"]
    begun[visits["unit"], visits["station"]] = visits["begun"]
    packed = np.full(plant.cases, -1)
    last = visits["station"] == len(STATIONS) - 1
    packed[visits["unit"][last]] = visits["ended"][last]
    return Field(packed, _exposed(plant, resource, begun), resource, begun)


def units_frame(plant: Plant, field: Field) -> pl.DataFrame:
    """The feed `units`: all that were begun; one that was scrapped was never produced."""
    rng = generator(plant.seed, "shipping")
    there = field.packed >= 0
    shipped = np.where(there, field.packed + rng.integers(2 * HOUR, 20 * HOUR, plant.cases), -1)
    service = np.where(there, shipped + rng.integers(DAY, 3 * DAY, plant.cases), -1)
    return pl.DataFrame(
        {
            "unit_id": unit_ids(np.arange(plant.cases)),
            "device_model": np.array(FAMILIES, dtype=object)[plant.orders.family],
            "lot": lot_ids(plant.orders.lot),
            "site": [SITE] * plant.cases,
            "line": [LINE] * plant.cases,
            "produced_at": moments(plant.origin, field.packed),
            "shipped_at": moments(plant.origin, shipped),
            "in_service_at": moments(plant.origin, service),
            "disposition": np.where(there, "retail_sold", "destroyed"),
        },
    )


def components_frame(plant: Plant, field: Field) -> pl.DataFrame:
    """The feed `components`, of scrapped units too: lots, and the station that built them in."""
    parts = []
    for column, component in enumerate(COMPONENTS):
        place = next(n for n, one in enumerate(STATIONS) if one.component == component)
        unit = np.flatnonzero(field.resource[:, place] >= 0)
        code = plant.orders.component_lot[unit, column]
        names = {one: component_lot_name(component, one) for one in np.unique(code).tolist()}
        serial = pl.Series(unit).cast(pl.String).str.zfill(7)
        parts.append(
            pl.DataFrame(
                {
                    "unit_id": unit_ids(unit),
                    "component": [component] * len(unit),
                    "component_lot": [names[one] for one in code.tolist()],
                    "supplier": [supplier_of(component, one) for one in code.tolist()],
                    "component_serial": f"{component[:2].upper()}" + serial,
                    "station": np.array(STATIONS[place].resources, dtype=object)[
                        field.resource[unit, place]
                    ],
                    "installed_at": moments(plant.origin, field.begun[unit, place]),
                }
            )
        )
    return pl.concat(parts)


def sessions_frame(plant: Plant, field: Field) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The feed `sessions` over FIELD_DAYS days once all units are in service, and the truth of
    each fault: `session_id`, `by_maker`."""
    rng = generator(plant.seed, "field")
    unit = np.repeat(field.shipped, rng.poisson(SESSIONS_A_UNIT, len(field.shipped)))
    second = np.sort(rng.integers(0, FIELD_DAYS * DAY, len(unit)))
    unit = rng.permutation(unit)
    base = FAULT_RATE * noise(rng, 0.2, plant.cases)[unit]
    ratio = plant.maker.rate_ratio if plant.maker else 1.0
    faulty = rng.random(len(unit)) < base * np.where(field.exposed[unit], ratio, 1.0)
    by_maker = faulty & field.exposed[unit] & (rng.random(len(unit)) < 1 - 1 / ratio)
    ids = "s-" + pl.Series(np.arange(len(unit))).cast(pl.String).str.zfill(8)
    frame = pl.DataFrame(
        {
            "session_id": ids,
            "customer_id": "c-" + pl.Series(unit).cast(pl.String).str.zfill(7),
            "started_at": moments(first_session(plant, field), second),
            "duration_s": np.round(rng.gamma(2.0, 180.0, len(unit)), 1),
            "unit_id": unit_ids(unit),
            "device_model": np.array(FAMILIES, dtype=object)[plant.orders.family[unit]],
            "firmware_version": _versions(rng, second, ("2.0.1", "2.1.0")),
            "app_name": ["Control"] * len(unit),
            "app_version": _versions(rng, second, ("7.3.0", "7.4.0")),
            "network_type": np.array(("wifi", "4g", "5g"), dtype=object)[
                draw(rng, np.array([0.5, 0.3, 0.2]), len(unit))
            ],
            "fault_code": _fault_codes(rng, faulty, by_maker),
        }
    )
    truth = pl.DataFrame({"session_id": ids, "by_maker": by_maker}).filter(pl.Series(faulty))
    return frame, truth


def first_session(plant: Plant, field: Field) -> datetime:
    """Midnight after the last unit came into service."""
    last = int(field.packed.max()) + 20 * HOUR + 3 * DAY
    return plant.origin + timedelta(days=last // DAY + 1)


def _exposed(plant: Plant, resource: Ints, begun: Ints) -> Flags:
    maker = plant.maker
    if maker is None:
        return np.zeros(plant.cases, dtype=np.bool_)
    rows = zip(
        plant.orders.component_lot.tolist(),
        resource[:, maker.place].tolist(),
        begun[:, maker.place].tolist(),
        strict=True,
    )
    return np.array([maker.exposes(*row) for row in rows], dtype=np.bool_)


def _versions(rng: np.random.Generator, second: Ints, names: tuple[str, str]) -> Texts:
    """Half of the sessions on the newer version at first, more and more of them later."""
    share = 0.4 + 0.4 * second / (FIELD_DAYS * DAY)
    return np.array(names, dtype=object)[(rng.random(len(second)) < share).astype(np.int64)]


def _fault_codes(rng: np.random.Generator, faulty: Flags, by_maker: Flags) -> pl.Series:
    """A code for each fault, null elsewhere."""
    names = np.array(FAULTS, dtype=object)
    mixes = [names[draw(rng, np.array(mix), len(faulty))] for mix in (BACKGROUND_MIX, MAKER_MIX)]
    codes = pl.Series(np.where(by_maker, mixes[1], mixes[0]), dtype=pl.String)
    return pl.select(pl.when(pl.Series(faulty)).then(codes)).to_series()
