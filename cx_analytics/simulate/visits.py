"""Exposure: who used what where and when, before anything goes wrong.

Belongs here: drawing the sessions of a day and the value of every attribute in each. Stays out:
faults and metrics (hazard.py, days.py) and what a reporting system loses of it (mess.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from cx_analytics.simulate.chance import Flags, Floats, Ints, Texts, draw, generator
from cx_analytics.simulate.people import APPS, NO_CELL, People, make_people, network_type_of
from cx_analytics.simulate.places import NETWORK_TYPES, VENDORS, Places, make_places
from cx_analytics.simulate.products import COMPONENTS, REVISIONS, Products, make_products
from cx_analytics.simulate.rollouts import Rollouts, make_rollouts
from cx_analytics.simulate.scale import Scale, Strength
from cx_analytics.simulate.units import OS_VERSIONS, Units, make_units

NONE = -1
"""Code of a value that is not there (no cell on Wi-Fi, a component lot nobody reports)."""

UNIT_ATTRIBUTES = (
    "lot",
    "site",
    "line",
    *(f"{name}_{what}" for name in COMPONENTS for what in ("lot", "supplier")),
)
CELL_ATTRIBUTES = ("site_id", "region", "vendor", "band", "software_release")

_HOURS = np.array(
    [5, 3, 2, 2, 2, 4, 9, 18, 26, 28, 28, 30, 34, 33, 30, 30, 33, 38, 44, 48, 50, 44, 28, 13]
)
_WEEKDAYS = np.array([1.0, 0.98, 0.99, 1.02, 1.08, 1.12, 1.05])


@dataclass(frozen=True)
class Setting:
    """Everything that stands still: places, products, people, their units and roll-outs."""

    scale: Scale
    places: Places
    products: Products
    people: People
    units: Units
    rollouts: Rollouts
    names: Mapping[str, Texts]


@dataclass(frozen=True)
class Visits:
    """Sessions as codes: `codes[attribute]` indexes `Setting.names[attribute]`, NONE = absent."""

    customer: Ints
    unit: Ints
    hour: Floats
    codes: Mapping[str, Ints]

    def within(
        self, conditions: Mapping[str, int], valid_from_h: float | None, valid_to_h: float | None
    ) -> Flags:
        """Which sessions meet all conditions inside the half-open window."""
        inside = np.ones(len(self.hour), dtype=np.bool_)
        if valid_from_h is not None:
            inside &= self.hour >= valid_from_h
        if valid_to_h is not None:
            inside &= self.hour < valid_to_h
        for attribute, code in conditions.items():
            inside &= self.codes[attribute] == code
        return inside


def make_setting(sessions: int, days: int, strength: Strength, seed: int) -> Setting:
    """The static part of a world of that many sessions."""
    scale = Scale.of(sessions)
    places = make_places(scale, days, seed)
    products = make_products(scale, days, seed)
    people = make_people(scale, places, strength.frailty, seed)
    units = make_units(products, people, days, strength.handed_on, seed)
    rollouts = make_rollouts(scale, products, people, units, days, seed)
    names = _names(places, products, rollouts)
    return Setting(scale, places, products, people, units, rollouts, names)


def sessions_of_days(sessions: int, days: int, first_weekday: int) -> Ints:
    """How many sessions each day has: more on Fridays and week-ends, `sessions` in all.

    >>> int(sessions_of_days(1000, 7, 0).sum())
    1000
    """
    weights = _WEEKDAYS[(np.arange(days) + first_weekday) % 7]
    edges = np.round(np.cumsum(weights) / weights.sum() * sessions).astype(np.int64)
    return np.asarray(np.diff(edges, prepend=0))


def draw_visits(setting: Setting, day: int, count: int, seed: int, purpose: str) -> Visits:
    """The sessions of one day; the same arguments draw the same ones."""
    rng = generator(seed, purpose, day)
    customer = draw(rng, setting.people.activity, count)
    hour = day * 24 + draw(rng, _HOURS, count) + rng.random(count)
    hour = np.floor(hour * 3600) / 3600
    cell = setting.people.cell_of(rng, setting.places, customer)
    unit = setting.units.carried(customer, hour)
    favourite = rng.random(count) < 0.7
    app = np.where(favourite, setting.people.app[customer], rng.integers(0, len(APPS), count))
    codes = {
        **unit_codes(setting, unit, hour),
        **_app_codes(setting.rollouts, app, customer, hour),
        **_cell_codes(setting.places, cell, hour),
    }
    return Visits(customer, unit, hour, codes)


def unit_codes(setting: Setting, unit: Ints, hour: Floats) -> dict[str, Ints]:
    products, units = setting.products, setting.units
    lot = units.lot[unit]
    model, line = products.lot_model[lot], products.lot_line[lot]
    codes = {
        "device_model": model,
        "hardware_revision": products.lot_revision[lot],
        "os_version": units.os[unit],
        "lot": lot,
        "line": line,
        "site": products.line_site[line],
        "firmware_version": _firmware(setting, products.platform[model], unit, hour),
    }
    for column, part in enumerate(products.components):
        taken = units.component_lot[unit, column]
        known = part.reported[taken] == 1
        codes[f"{part.name}_lot"] = np.where(known, taken, NONE)
        codes[f"{part.name}_supplier"] = np.where(known, part.supplier[taken], NONE)
    return codes


def _firmware(setting: Setting, platform: Ints, unit: Ints, hour: Floats) -> Ints:
    found = np.zeros(len(unit), dtype=np.int64)
    first = 0
    for number, rollout in enumerate(setting.rollouts.firmware):
        rows = np.flatnonzero(platform == number)
        found[rows] = first + rollout.level_at(unit[rows], hour[rows])
        first += len(rollout.names)
    return found


def _app_codes(rollouts: Rollouts, app: Ints, customer: Ints, hour: Floats) -> dict[str, Ints]:
    version = np.zeros(len(app), dtype=np.int64)
    first = 0
    for number, rollout in enumerate(rollouts.apps):
        rows = np.flatnonzero(app == number)
        version[rows] = first + rollout.level_at(customer[rows], hour[rows])
        first += len(rollout.names)
    return {"app_name": app, "app_version": version}


def _cell_codes(places: Places, cell: Ints, hour: Floats) -> dict[str, Ints]:
    served = cell != NO_CELL
    codes = {
        "site_id": places.site[cell],
        "region": places.region[cell],
        "vendor": places.vendor[cell],
        "band": places.band[cell],
        "software_release": places.release_at(cell, hour),
    }
    codes = {name: np.where(served, code, NONE) for name, code in codes.items()}
    return {**codes, "cell_id": cell, "network_type": network_type_of(places, cell)}


def _names(places: Places, products: Products, rollouts: Rollouts) -> dict[str, Texts]:
    def texts(values: tuple[str, ...]) -> Texts:
        return np.array(values, dtype=object)

    names = {
        "device_model": products.models,
        "hardware_revision": texts(REVISIONS),
        "os_version": texts(OS_VERSIONS),
        "lot": products.lots,
        "line": products.lines,
        "site": products.sites,
        "firmware_version": rollouts.firmware_names,
        "app_name": texts(APPS),
        "app_version": rollouts.app_names,
        "site_id": places.site_ids,
        "region": places.regions,
        "vendor": texts(VENDORS),
        "band": places.bands,
        "software_release": places.releases,
        "cell_id": places.cell_ids,
        "network_type": texts(NETWORK_TYPES),
    }
    for part in products.components:
        names[f"{part.name}_lot"], names[f"{part.name}_supplier"] = part.lots, part.suppliers
    return names
