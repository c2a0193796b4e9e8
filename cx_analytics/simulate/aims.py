"""Interventions in the codes of one world: whom each reaches, and which hazards it changes.

Belongs here: looking up names once, and telling which sessions are under an intervention. Stays
out: what an intervention is (interventions.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from cx_analytics.contracts.errors import InputRefused, did_you_mean
from cx_analytics.contracts.words import ACTION_KINDS, BACKGROUND
from cx_analytics.simulate.causes import Plan
from cx_analytics.simulate.chance import NEVER, Flags, Floats, Ints, Texts
from cx_analytics.simulate.interventions import EVERYTHING, REACHES, VERSIONS, Intervention
from cx_analytics.simulate.visits import Setting, Visits
from cx_analytics.simulate.world import World


@dataclass(frozen=True)
class Aim:
    """Whom an intervention reaches and the numbers of the causes (0 = background) it changes.

    `since` has, by attribute, the codes of single ones in ascending order and the hour at which
    each is reached; hours count from the start of the world.
    """

    from_h: float
    conditions: Mapping[str, int]
    since: Mapping[str, tuple[Ints, Floats]]
    numbers: Ints

    def reaches(self, visits: Visits) -> Flags:
        """Which of these sessions are under it."""
        inside = np.asarray(visits.hour >= self.from_h)
        for attribute, code in self.conditions.items():
            inside &= _codes(visits, attribute) == code
        if self.since:
            hours = [
                _hour_of(_codes(visits, attribute), *known)
                for attribute, known in self.since.items()
            ]
            inside &= visits.hour >= np.minimum.reduce(hours)
        return inside


def aims_of(world: World, interventions: Sequence[Intervention]) -> dict[str, Aim]:
    """The aim of each action; InputRefused when one names something that is not there."""
    ids = [one.action_id for one in interventions]
    if len(ids) != len(set(ids)):
        raise InputRefused(f"an action comes twice in {ids}", todo="give each an id of its own")
    names = _Names(world.setting)
    return {one.action_id: _aim(one, names, world.plan, world.origin) for one in interventions}


def _aim(one: Intervention, names: _Names, plan: Plan, origin: datetime) -> Aim:
    _known(one.kind, ACTION_KINDS, "kind of action")
    if not one.factor >= 0:
        raise InputRefused(f"factor {one.factor}", where=one.action_id, todo="give 0 or more")
    for attribute, version in one.versions.items():
        _known(attribute, VERSIONS, "version")
        names.code(attribute, version)
    if one.fresh_unit and not one.reached.get("customers"):
        todo = "say which customers get one: reached={'customers': {…}}"
        raise InputRefused("fresh units for nobody", where=one.action_id, todo=todo)
    return Aim(
        from_h=_hours(one.effective_from, origin),
        conditions={key: names.code(key, value) for key, value in one.conditions.items()},
        since={
            REACHES[_known(whom, REACHES, "reach")]: names.since(REACHES[whom], times, origin)
            for whom, times in one.reached.items()
        },
        numbers=_numbers(one, plan),
    )


class _Names:
    """Codes of the values of each attribute, each attribute's looked up when it is first needed."""

    def __init__(self, setting: Setting) -> None:
        self.names: dict[str, Texts] = {
            "customer_id": setting.people.customer_ids,
            "unit_id": setting.units.unit_ids,
            **setting.names,
        }
        self.codes: dict[str, dict[str, int]] = {}

    def code(self, attribute: str, value: str) -> int:
        """The code of a value; InputRefused when there is none."""
        if attribute not in self.codes:
            _known(attribute, self.names, "attribute")
            texts = self.names[attribute].tolist()
            self.codes[attribute] = {text: code for code, text in enumerate(texts)}
        _known(value, self.codes[attribute], attribute)
        return self.codes[attribute][value]

    def since(
        self, attribute: str, times: Mapping[str, datetime], origin: datetime
    ) -> tuple[Ints, Floats]:
        """Codes in ascending order, and the hour of each."""
        codes = np.array([self.code(attribute, value) for value in times], dtype=np.int64)
        hours = np.array([_hours(at, origin) for at in times.values()], dtype=np.float64)
        order = np.argsort(codes)
        return codes[order], hours[order]


def _numbers(one: Intervention, plan: Plan) -> Ints:
    ids = {cause_id: number for number, cause_id in enumerate((BACKGROUND, *plan.cause_ids))}
    if EVERYTHING in one.causes:
        return np.arange(len(ids))
    return np.array([ids[_known(each, ids, "cause")] for each in one.causes], dtype=np.int64)


def _codes(visits: Visits, attribute: str) -> Ints:
    single = {"customer_id": visits.customer, "unit_id": visits.unit}
    return single[attribute] if attribute in single else visits.codes[attribute]


def _hour_of(codes: Ints, known: Ints, hours: Floats) -> Floats:
    """The hour from which each session's customer (unit, cell) is reached; never for most."""
    if not len(known):
        return np.full(len(codes), NEVER)
    place = np.minimum(np.searchsorted(known, codes), len(known) - 1)
    return np.where(known[place] == codes, hours[place], NEVER)


def _hours(at: datetime, origin: datetime) -> float:
    return (at - origin).total_seconds() / 3600


def _known(given: str, possible: Mapping[str, object] | Sequence[str], what: str) -> str:
    """The name itself; InputRefused when it is none of the possible ones."""
    if given not in possible:
        raise InputRefused(f"no {what} {given!r}", todo=did_you_mean(given, possible))
    return given
