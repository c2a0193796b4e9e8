"""Single units and who carries them: from a lot into a customer's hands.

Belongs here: units with their lot, component lots, batch and times, firmware they began with, and
the feeds `units` and `components`. Stays out: roll-outs (rollouts.py), sessions (days.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np
import polars as pl

from cx_analytics.simulate.chance import NEVER, Floats, Ints, Texts, draw_by_row, generator
from cx_analytics.simulate.people import People
from cx_analytics.simulate.production import Production, make_production, times
from cx_analytics.simulate.products import REVISIONS, Products

OS_VERSIONS = ("OS 12", "OS 13", "OS 14", "OS 15")
SWITCHERS = 0.06
"""Share of customers who get a new unit, made in the window, before its end."""

HANDED_ON_AFTER_H = 48.0
"""Mean hours in which a replaced unit lies about before someone else carries it."""


@dataclass(frozen=True)
class Units:
    """Units in the order of their lots; `carrier` is the first customer or -1 (in stock).

    A customer carries `first_unit` until `switched_h`, then `next_unit`; a unit that its first
    carrier replaced may be the next unit of another customer.
    """

    unit_ids: Texts
    lot: Ints
    os: Ints
    component_lot: Ints
    produced_h: Floats
    shipped_h: Floats
    in_service_h: Floats
    carrier: Ints
    first_unit: Ints
    next_unit: Ints
    switched_h: Floats
    production: Production

    def carried(self, customer: Ints, hour: Floats) -> Ints:
        """The unit that each customer carries at that hour."""
        return np.where(
            hour >= self.switched_h[customer], self.next_unit[customer], self.first_unit[customer]
        )


def make_units(products: Products, people: People, days: int, handed_on: float, seed: int) -> Units:
    """Give every customer a unit from the lots shipped to the region, some another one later.

    The later one is new, or (for `handed_on` of those that were replaced) someone else's old one.
    """
    rng = generator(seed, "units")
    first_lot = _lots_for(rng, products, people, products.lot_hour < -24 * 5)
    new = (products.lot_hour > -24 * 3) & (products.lot_hour < (days - 8) * 24)
    switches = rng.random(len(people.region)) < (SWITCHERS if new.any() else 0.0)
    next_lot = _lots_for(rng, products, people, new if new.any() else products.lot_hour < 0)
    buyers = np.flatnonzero(switches)
    stock = rng.choice(first_lot, len(first_lot) // 20)
    lot = np.concatenate([first_lot, next_lot[buyers], stock])
    carrier = np.concatenate([np.arange(len(first_lot)), buyers, np.full(len(stock), -1)])
    order = np.argsort(lot, kind="stable")
    lot, carrier = lot[order], carrier[order]
    sizes = np.bincount(lot, minlength=len(products.lots))
    production = make_production(products, sizes, seed)
    produced = _produced(production, lot)
    shipped = produced + rng.uniform(8, 60, len(lot))
    service = np.where(carrier >= 0, shipped + rng.uniform(24, 96, len(lot)), NEVER)
    number = np.argsort(order)
    next_unit = np.full(len(first_lot), -1)
    next_unit[buyers] = number[len(first_lot) : len(first_lot) + len(buyers)]
    switched = np.where(next_unit >= 0, service[next_unit], NEVER)
    first_unit = number[: len(first_lot)]
    _hand_on(generator(seed, "handed on"), handed_on, first_unit, next_unit, switched)
    return Units(
        unit_ids=np.array(
            [f"SN{n:07d}" for n in rng.permutation(len(lot)) + 100_000], dtype=object
        ),
        lot=lot,
        os=_os_versions(rng, products.lot_model[lot]),
        component_lot=_component_lots(rng, products, lot),
        produced_h=produced,
        shipped_h=shipped,
        in_service_h=service,
        carrier=carrier,
        first_unit=first_unit,
        next_unit=next_unit,
        switched_h=switched,
        production=production,
    )


def units_frame(units: Units, products: Products, start: datetime, end_h: float) -> pl.DataFrame:
    """The feed `units`; what lies after the end of the world has not happened yet."""
    lot = units.lot
    line = products.lot_line[lot]

    def until_end(hours: Floats) -> pl.Series:
        return times(start, np.where(hours < end_h, hours, NEVER))

    gtins = np.array([f"0426{n:09d}" for n in range(len(products.models))], dtype=object)
    gtins = np.array([text + _check_digit(text) for text in gtins], dtype=object)
    shipped = units.shipped_h < end_h
    disposition = np.where(
        units.in_service_h < end_h, "retail_sold", np.where(shipped, "in_transit", "in_progress")
    )
    return pl.DataFrame(
        {
            "unit_id": units.unit_ids,
            "device_model": products.models[products.lot_model[lot]],
            "hardware_revision": np.array(REVISIONS, dtype=object)[products.lot_revision[lot]],
            "lot": products.lots[lot],
            "site": products.sites[products.line_site[line]],
            "line": products.lines[line],
            "produced_at": until_end(units.produced_h),
            "shipped_at": until_end(units.shipped_h),
            "in_service_at": until_end(units.in_service_h),
            "gtin": gtins[products.lot_model[lot]],
            "disposition": disposition,
        }
    )


def components_frame(units: Units, products: Products, start: datetime) -> pl.DataFrame:
    """The feed `components`; lots that their supplier does not report have no rows."""
    parts = []
    for column, part in enumerate(products.components):
        lot = units.component_lot[:, column]
        row = np.flatnonzero(part.reported[lot] == 1)
        lot = lot[row]
        line = products.lines[products.lot_line[units.lot[row]]]
        parts.append(
            pl.DataFrame(
                {
                    "unit_id": units.unit_ids[row],
                    "component": np.full(len(row), part.name, dtype=object),
                    "component_lot": part.lots[lot],
                    "supplier": part.suppliers[part.supplier[lot]],
                    "component_serial": pl.Series(row).cast(pl.String).str.zfill(8),
                    "station": line + "/assembling",
                    "installed_at": times(start, units.produced_h[row] - 0.9),
                }
            ).with_columns(
                pl.format("{}-{}", "component_lot", "component_serial").alias("component_serial")
            )
        )
    return pl.concat(parts)


def _hand_on(
    rng: np.random.Generator, share: float, first: Ints, later: Ints, switched: Floats
) -> None:
    """Let others carry on this share of the replaced units; changes `later` and `switched`."""
    givers = np.flatnonzero(later >= 0)
    takers = rng.permutation(np.flatnonzero(later < 0))
    givers = rng.permutation(givers)[: min(round(share * len(givers)), len(takers))]
    takers = takers[: len(givers)]
    later[takers] = first[givers]
    switched[takers] = switched[givers] + rng.exponential(HANDED_ON_AFTER_H, len(givers))


def _lots_for(
    rng: np.random.Generator, products: Products, people: People, allowed: np.ndarray
) -> Ints:
    """A lot for each customer: by the model's popularity and the lot's shipping to the region."""
    made = np.bincount(products.lot_model, products.lot_weight * allowed, len(products.models))
    share = products.lot_weight * allowed / np.maximum(made, 1e-9)[products.lot_model]
    weights = products.lot_region * (share * products.popularity[products.lot_model])[:, None]
    return draw_by_row(rng, weights.T, people.region)


def _produced(production: Production, lot: Ints) -> Floats:
    """End of the last step of each unit's batch (units stand in the order of their lots)."""
    place = np.arange(len(lot)) - np.searchsorted(lot, lot)
    batch = np.searchsorted(production.lot, lot) + place // production.batch
    return np.asarray(production.ended_h[batch, -1])


def _os_versions(rng: np.random.Generator, model: Ints) -> Ints:
    """Two neighbouring versions a model, the newer one on most units."""
    return (model * 7) % (len(OS_VERSIONS) - 1) + (rng.random(len(model)) < 0.7)


def _component_lots(rng: np.random.Generator, products: Products, lot: Ints) -> Ints:
    picks = [
        part.lot_of[lot, (rng.random(len(lot)) < 0.35).astype(np.int64)]
        for part in products.components
    ]
    return np.stack(picks, axis=1)


def _check_digit(text: str) -> str:
    """GS1 check digit of a 13-digit text (General Specifications, section 7.9)."""
    total = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(text))
    return str(-total % 10)
