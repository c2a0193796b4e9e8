"""What cx.toml says in [calendar]: the hours in which resources work.

Belongs here: their shape, and weeks written as text. Stays out: what they are used for (the stage
supply), and hours that are learned from activity.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cx_analytics.contracts.errors import SettingsError
from cx_analytics.contracts.sections import Section

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
QUARTERS = 96
"""Quarters of an hour in a day."""

_DAY = "|".join(DAYS)
_HOURS = re.compile(
    rf"({_DAY})(?: ?- ?({_DAY}))? ([01]\d|2[0-3]):(00|15|30|45) ?- ?"
    r"([01]\d|2[0-4]):(00|15|30|45)"
)


@dataclass(frozen=True)
class Calendar:
    """Working hours that are given, as texts such as "mon-fri 06:00-14:00" (UTC).

    Parameters
    ----------
    hours : those of every resource that nothing else is said about; none = learn them.
    lines, resources : those of a line, and of a resource, which goes before its line's.
    """

    hours: tuple[str, ...] = ()
    lines: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    resources: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def quarters(text: str) -> list[int]:
    """The open quarters of an hour, 0 to 671 from Monday 00:00; ValueError when it is no week.

    Hours that end before they begin go on into the next day.

    >>> quarters("mon-tue 06:00-06:30")
    [24, 25, 120, 121]
    >>> quarters("sun 23:45-00:15")
    [671, 0]
    """
    found = _HOURS.fullmatch(text.strip().lower())
    if found is None:
        raise ValueError(text)
    first, last = DAYS.index(found[1]), DAYS.index(found[2] or found[1])
    begin, end = (int(found[at]) * 4 + int(found[at + 1]) // 15 for at in (3, 5))
    if end > QUARTERS:
        raise ValueError(text)
    length = (end - begin) % QUARTERS or QUARTERS
    days = range(first, first + (last - first) % 7 + 1)
    return [
        (day * QUARTERS + begin + later) % (7 * QUARTERS) for day in days for later in range(length)
    ]


def parse_calendar(section: Section) -> Calendar:
    """The section [calendar] of cx.toml; SettingsError names the first thing that is off."""
    calendar = Calendar(
        hours=_week(section, "hours"),
        lines=_weeks(section, "line"),
        resources=_weeks(section, "resource"),
    )
    section.done(("hours", "line", "resource"))
    return calendar


def _weeks(section: Section, key: str) -> dict[str, tuple[str, ...]]:
    values: Any = section.values.pop(key, {})
    inner = Section(values, f"{section.name}.{key}", section.where)
    return {name: _week(inner, name) for name in list(inner.values)}


def _week(section: Section, key: str) -> tuple[str, ...]:
    texts = section.texts(key)
    for text in texts:
        try:
            quarters(text)
        except ValueError:
            raise SettingsError(
                f"[{section.name}] {key}: {text!r} are no hours of a week",
                where=section.where,
                todo=f'write {key} = ["mon-fri 06:00-14:30"], in quarters of an hour, UTC',
            ) from None
    return texts
