"""What cx.toml says of a plant in [supply]: cases, inspections, people, operator groups, shifts.

Belongs here: their shape, and taking them from the section. Stays out: what they are used for
(the stage supply).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cx_analytics.contracts.errors import SettingsError, did_you_mean
from cx_analytics.contracts.sections import Section

MINUTES = 24 * 60
_HOURS = re.compile(r"([01]\d|2[0-3]):([0-5]\d) ?- ?([01]\d|2[0-4]):([0-5]\d)")


@dataclass(frozen=True)
class Shift:
    """A shift of every day, from the minute `begin` to the minute `end` (exclusive) in UTC.

    >>> Shift("night", 1320, 360).covers(10), Shift("night", 1320, 360).covers(360)
    (True, False)
    """

    name: str
    begin: int
    end: int

    def covers(self, minute: int) -> bool:
        """Whether a minute of the day, 0 to 1439, lies in it; it may go past midnight."""
        return (minute - self.begin) % MINUTES < (self.end - self.begin - 1) % MINUTES + 1


SHIFTS = (
    Shift("06-14 UTC", 6 * 60, 14 * 60),
    Shift("14-22 UTC", 14 * 60, 22 * 60),
    Shift("22-06 UTC", 22 * 60, 6 * 60),
)
"""What is taken for shifts while cx.toml gives none: the day in three, named by their hours."""


CASES: Mapping[str, str] = {
    "unit": "unit_id",
    "lot": "lot",
    "order": "order_id",
    "shipment": "shipment_id",
}
"""Kinds of case that can be declared, each with the column of the feed that names it."""


@dataclass(frozen=True)
class Supply:
    """What the events cannot say about a plant.

    Parameters
    ----------
    inspections : names of the steps that find defects and make none, as patterns with * and ?;
        without any, they are recognised (see supply/inspections.py).
    people : resources that are persons, as patterns. No result names one; only their groups.
    operator_groups : group = resources of its persons, as patterns.
    shifts : shifts that do not overlap; a minute may belong to none.
    case : what is followed through its steps, one of CASES; None: the case_id of the feed.
    """

    inspections: tuple[str, ...] = ()
    people: tuple[str, ...] = ()
    operator_groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    shifts: tuple[Shift, ...] = SHIFTS
    case: str | None = None

    @property
    def case_column(self) -> str | None:
        """The column of the feed that names the declared case; None while none is declared."""
        return CASES[self.case] if self.case else None


def parse_supply(section: Section) -> Supply:
    """The section [supply] of cx.toml; SettingsError names the first thing that is off."""
    groups = _inner(section, "operator_groups")
    supply = Supply(
        inspections=section.texts("inspections"),
        people=section.texts("people"),
        operator_groups={name: groups.texts(name) for name in list(groups.values)},
        shifts=_shifts(_inner(section, "shifts")) or SHIFTS,
        case=_case(section),
    )
    section.done(("case", "inspections", "people", "operator_groups", "shifts"))
    return supply


def _case(section: Section) -> str | None:
    case: str | None = section.take("case", str, None)
    if case is not None and case not in CASES:
        raise SettingsError(
            f"[{section.name}] case = {case!r} is no kind of case",
            where=section.where,
            todo=did_you_mean(case, CASES),
        )
    return case


def _inner(section: Section, key: str) -> Section:
    values: Any = section.values.pop(key, {})
    return Section(values, f"{section.name}.{key}", section.where)


def _shifts(section: Section) -> tuple[Shift, ...]:
    found = tuple(_shift(section, name) for name in list(section.values))
    for minute in range(MINUTES):
        names = [shift.name for shift in found if shift.covers(minute)]
        if len(names) > 1:
            raise SettingsError(
                f"[{section.name}] {names[0]} and {names[1]} overlap",
                where=section.where,
                todo="let one end where the other begins",
            )
    return found


def _shift(section: Section, name: str) -> Shift:
    hours = _HOURS.fullmatch(section.take(name, str, ""))
    if hours is None:
        raise SettingsError(
            f"[{section.name}] {name} must be the hours of a shift in UTC",
            where=section.where,
            todo=f'write {name} = "06:00-14:00"',
        )
    first, last = (int(hours[at]) * 60 + int(hours[at + 1]) for at in (1, 3))
    return Shift(name, first, last % MINUTES)
