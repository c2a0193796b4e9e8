"""Troubles of single ones: broken units, bad SIMs, and homes where the signal is weak.

Stays out: shared causes (planting.py).
"""

from __future__ import annotations

import numpy as np

from cx_analytics.simulate.causes import Individuals
from cx_analytics.simulate.chance import Ints, generator
from cx_analytics.simulate.mixes import mix_for
from cx_analytics.simulate.scale import Strength
from cx_analytics.simulate.visits import NONE, Setting

FEWEST_SESSIONS = 22
"""Sessions that someone with trouble of his own is expected to have, or no-one could tell."""

AT_HOME = 0.6
"""Share of a customer's sessions at the home cell, those on Wi-Fi included."""

_LOOKS_LIKE = {"unit": ("lot",), "sim": ("band",), "home": ("cell_id",)}


def plant_individuals(
    setting: Setting, strength: Strength, seed: int, sessions: int, days: int
) -> tuple[Individuals, ...]:
    """Broken units, bad SIMs (a customer everywhere) and weak homes (a customer at one cell)."""
    rng = generator(seed, "individuals")
    expected = setting.people.activity * sessions
    at_home = expected * AT_HOME * (1 - setting.people.wifi)
    count = max(1, round(strength.individuals * sessions / 1e6))
    homes = rng.permutation(np.flatnonzero(at_home >= FEWEST_SESSIONS))[:count]
    busy = np.setdiff1d(np.flatnonzero(expected >= FEWEST_SESSIONS), homes)
    chosen = rng.permutation(busy)[: 2 * count]
    people = {"unit": chosen[::2], "sim": chosen[1::2], "home": homes}
    return tuple(_group(rng, setting, strength, kind, people[kind], days) for kind in _LOOKS_LIKE)


def _group(
    rng: np.random.Generator,
    setting: Setting,
    strength: Strength,
    kind: str,
    people: Ints,
    days: int,
) -> Individuals:
    low, high = strength.own_hazard
    nobody = (NONE,) * len(people)
    customers = tuple(people.tolist())
    since: list[float | None] = [None] * len(people)
    if kind == "unit":
        broke = np.floor(rng.uniform(0, 0.4, len(people)) * days * 24)
        since = [float(hour) if number % 2 else None for number, hour in enumerate(broke)]
    return Individuals(
        kind=kind,
        customer=nobody if kind == "unit" else customers,
        unit=tuple(setting.units.first_unit[people].tolist()) if kind == "unit" else nobody,
        cell=tuple(setting.people.home[people].tolist()) if kind == "home" else nobody,
        valid_from_h=tuple(since),
        hazard=low + (high - low) * rng.random(len(people)) ** strength.own_leaning,
        mix=mix_for(rng, _LOOKS_LIKE[kind]),
    )
