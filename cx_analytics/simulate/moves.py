"""What interventions put into people's hands: other versions, and units of another lot.

Belongs here: the exposure of reached sessions after a change. Stays out: whom an intervention
reaches (interventions.py) and what goes wrong then (hazard.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from cx_analytics.contracts.errors import InputRefused
from cx_analytics.simulate.aims import Aim
from cx_analytics.simulate.chance import Flags, Ints, generator
from cx_analytics.simulate.interventions import Intervention
from cx_analytics.simulate.visits import NONE, Setting, Visits, unit_codes


def fresh_units(
    setting: Setting, interventions: Sequence[Intervention], aims: Mapping[str, Aim], seed: int
) -> dict[str, Ints]:
    """By action: the unit from the stock that each of its customers gets, in the aim's order.

    It is of the same model and another lot where the stock has one; InputRefused when the stock
    is smaller than the number of customers.
    """
    units, model = setting.units, setting.products.lot_model[setting.units.lot]
    stock = generator(seed, "stock").permutation(np.flatnonzero(units.carrier == NONE))
    left = np.ones(len(stock), dtype=np.bool_)
    found: dict[str, Ints] = {}
    for one in (each for each in interventions if each.fresh_unit):
        customers = aims[one.action_id].since["customer_id"][0]
        given = np.empty(len(customers), dtype=np.int64)
        for place, old in enumerate(units.carried(customers, np.full(len(customers), np.inf))):
            other = units.lot[stock] != units.lot[old]
            given[place] = _take(stock, left, [other & (model[stock] == model[old]), other])
        found[one.action_id] = given
    return found


def moved(
    visits: Visits,
    setting: Setting,
    interventions: Sequence[Intervention],
    reached: Mapping[str, Flags],
    aims: Mapping[str, Aim],
    fresh: Mapping[str, Ints],
) -> Visits:
    """The sessions with what reached ones carry and run instead; nothing else about them differs.

    `reached` marks sessions by action; `fresh` has the units of `fresh_units`. Units change before
    versions; a version only replaces one of the same app or platform.
    """
    unit = visits.unit.copy()
    for action_id, units in fresh.items():
        customers = aims[action_id].since["customer_id"][0]
        rows, place = _matched(visits.customer, customers, reached[action_id])
        unit[rows] = units[place]
    if fresh:
        codes = {**visits.codes, **unit_codes(setting, unit, visits.hour)}
        visits = replace(visits, unit=unit, codes=codes)
    for one in interventions:
        for attribute, version in one.versions.items():
            visits = _updated(visits, setting, attribute, version, reached[one.action_id])
    return visits


def _matched(codes: Ints, known: Ints, among: Flags) -> tuple[Ints, Ints]:
    """Rows (of those marked) whose code is known, and its place in `known`, which ascends."""
    rows = np.flatnonzero(among)
    place = np.searchsorted(known, codes[rows])
    same = known[np.minimum(place, len(known) - 1)] == codes[rows]
    return rows[same], place[same]


def _updated(
    visits: Visits, setting: Setting, attribute: str, version: str, reached: Flags
) -> Visits:
    codes, target = visits.codes[attribute], setting.names[attribute].tolist().index(version)
    lines = _lines(setting, attribute)
    same = lines[codes] == lines[target]
    return replace(
        visits,
        codes={**visits.codes, attribute: np.where(reached & same, target, codes)},
    )


def _lines(setting: Setting, attribute: str) -> Ints:
    """The app or platform that each version is of."""
    rollouts = setting.rollouts.apps if attribute == "app_version" else setting.rollouts.firmware
    return np.repeat(np.arange(len(rollouts)), [len(rollout.names) for rollout in rollouts])


def _take(stock: Ints, left: Flags, wishes: Sequence[Flags]) -> int:
    """The first unit left of those wished for, by the first wish that can be met; marks it."""
    for wish in wishes:
        places = np.flatnonzero(left & wish)
        if len(places):
            left[places[0]] = False
            return int(stock[places[0]])
    raise InputRefused("the stock of units is used up", todo="replace fewer units")
