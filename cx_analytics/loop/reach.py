"""Whom an action reached, read from the action: conditions, kind, and the sender's list.

Belongs here: parsing of `conditions` and `exposed`, and the plan of a comparison that follows from
them. Stays out: sessions, and who is a control of whom (cohorts.py).

Each condition of an action plays one of three parts.

- The *subject* is what the action reaches one by one: the unit, customer or cell of the list, else
  the most specific condition. Its other values are where controls come from.
- A condition that *moves* is one the action itself changes: the version, for an update. The treated
  are then the customers or units that met it before, followed on whatever version they run after
  (intention to treat): the sessions that stay on the old version are those that got no fix.
- All other conditions *hold*: treated and controls are compared within them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from cx_analytics.contracts.attributes import DEFAULT_ATTRIBUTES
from cx_analytics.contracts.words import REACHED, REACHED_IDS, REACHED_LISTS, REACHED_TIMES

MOST_CONDITIONS = 3
"""As many conditions as `loop/action_days` takes."""

MOVED_BY: Mapping[str, tuple[str, ...]] = {
    "app_update": ("app_version",),
    "firmware_update": ("firmware_version", "os_version"),
    "cell_repair": ("software_release",),
}
"""Conditions that an action of a kind changes. A replaced unit changes all that devices have."""

_NOT_OF_DEVICES = {*DEFAULT_ATTRIBUTES["app"], *DEFAULT_ATTRIBUTES["network"], "customer_id"}

FOLLOWED: Mapping[str, tuple[str, ...]] = {
    "app_version": ("customer_id",),
    "firmware_version": ("unit_id", "customer_id"),
    "os_version": ("unit_id", "customer_id"),
    "software_release": ("cell_id",),
}
"""Who is followed when a condition moves, by preference."""

STOP = "rollout_stop"
"""Nobody gets a version any more: those who have it keep it."""

OF_THE_FUTURE = ("lot_hold", "process_change", STOP)
"""Kinds that act on what is still to be made, shipped or released: no session before could tell."""

_SPECIFIC = (
    *("unit_id", "customer_id", "cell_id", "site_id", "serial", "lot", "line", "site", "supplier"),
    *("hardware_revision", "firmware_version", "os_version", "app_version", "device_model"),
    *("software_release", "region", "vendor", "band", "carrier_mnc", "device_manufacturer"),
    *("app_name", "carrier_mcc", "network_type"),
)
"""Attributes from the most to the least specific; `modem_lot` stands where `lot` does."""

_STRATA: Mapping[str, tuple[str, ...]] = {
    "cell_id": ("network_type", "region"),
    "site_id": ("region", "vendor"),
    "customer_id": ("device_model", "app_name"),
    "unit_id": ("device_model", "hardware_revision"),
    "app_version": ("app_name",),
    "firmware_version": ("device_model",),
    "software_release": ("vendor",),
}
_OF_DEVICES = ("lot", "line", "site", "supplier", "revision")


@dataclass(frozen=True)
class Reached:
    """The list of an action: (column or None when the sender does not say, id, time or None)."""

    column: str | None
    subject: str
    at: datetime | None


@dataclass(frozen=True)
class Scope:
    """The plan of a comparison.

    Attributes
    ----------
    subject : column of what is reached one by one.
    value : the treated value of the subject, where there is no list.
    holds, moves : conditions by the part they play.
    listed : whether the action lists whom it reached; only they are treated then.
    strata : columns whose values controls must share, the first being the more important.
    """

    subject: str
    value: str | None = None
    holds: Mapping[str, str] = field(default_factory=dict)
    moves: Mapping[str, str] = field(default_factory=dict)
    listed: bool = False
    strata: tuple[str, ...] = ()

    @property
    def slots(self) -> list[tuple[str, str, bool]]:
        """Conditions as `loop/action_days` wants them: (column, value, whether it moves)."""
        held = [(key, value, False) for key, value in sorted(self.holds.items())]
        return held + [(key, value, True) for key, value in sorted(self.moves.items())]


def reached_of(text: str | None) -> list[Reached]:
    """The list of the reached, in any shape that senders use; empty when it cannot be read.

    Known are a list of ids, a list of objects, a map of id to time, and maps of a column (or
    "units", "customers", "cells") to any of these.

    >>> reached_of('{"unit_id": {"U1": "2026-01-02T00:00:00Z"}}')
    [Reached(column='unit_id', subject='U1', at=datetime.datetime(2026, 1, 2, 0, 0))]
    >>> reached_of('["U1"]'), reached_of("none of your business")
    ([Reached(column=None, subject='U1', at=None)], [])
    """
    try:
        given = json.loads(text) if text else None
    except ValueError:
        return []
    found: dict[tuple[str | None, str], Reached] = {}
    for one in _read(given, None):
        known = found.get((one.column, one.subject))
        if known is None or _earlier(one.at, known.at):
            found[one.column, one.subject] = one
    return list(found.values())


def _earlier(one: datetime | None, other: datetime | None) -> bool:
    return one is not None and (other is None or one < other)


def _read(given: Any, column: str | None) -> Iterable[Reached]:
    if isinstance(given, list):
        for item in given:
            yield from _item(item, column)
    elif isinstance(given, dict):
        if _id_in(given):
            yield from _item(given, column)
            return
        for key, value in given.items():
            inner = REACHED_LISTS.get(key, key if key in REACHED else None)
            if inner is not None and isinstance(value, list | dict):
                yield from _read(value, inner)
            elif isinstance(value, str | None):
                yield Reached(column, str(key), moment(value))


def _item(item: Any, column: str | None) -> Iterable[Reached]:
    if isinstance(item, str) or (isinstance(item, int) and not isinstance(item, bool)):
        yield Reached(column, str(item), None)
    elif isinstance(item, dict) and (name := _id_in(item)):
        at = next((moment(item[key]) for key in REACHED_TIMES if item.get(key)), None)
        yield Reached(name if name in REACHED else column, str(item[name]), at)
    elif isinstance(item, list) and item and isinstance(item[0], str):
        yield Reached(column, item[0], moment(item[1]) if len(item) > 1 else None)


def _id_in(item: Mapping[str, Any]) -> str | None:
    return next((key for key in REACHED_IDS if isinstance(item.get(key), str | int)), None)


def moment(text: Any) -> datetime | None:
    """A time as naive UTC; None when it is none."""
    try:
        found = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return found.astimezone(UTC).replace(tzinfo=None) if found.tzinfo else found


def scope_of(
    kind: str, conditions: Mapping[str, str], column: str | None, columns: Iterable[str]
) -> Scope | str:
    """The plan of a comparison, or in words why there can be none.

    Parameters
    ----------
    kind, conditions : of the action; conditions of its cause where it names none.
    column : what the list of the reached names; None when there is no list.
    columns : columns that the sessions have.
    """
    known = set(columns)
    if unknown := sorted({*conditions, *([column] if column else [])} - known):
        return f"not estimated: sessions have no {unknown[0]}"
    if column is None and kind in OF_THE_FUTURE:
        return "not estimated: acts on units or releases to come, which have no days before"
    if column is None and not conditions:
        return "not estimated: says neither whom it reached nor its conditions"
    moves = {key: conditions[key] for key in conditions if _is_moved(key, kind)}
    subject, value = column, None
    if subject is None and moves:
        followed = FOLLOWED.get(next(iter(moves)), ("customer_id",))
        subject = next((one for one in followed if one in known), None)
    if subject is None:
        subject = min(conditions, key=_place)
        value = conditions[subject]
    holds = {k: v for k, v in conditions.items() if k not in moves and k != subject}
    if len(holds) + len(moves) > MOST_CONDITIONS:
        return f"not estimated: more than {MOST_CONDITIONS} conditions"
    strata = _strata(subject, known - set(holds) - set(moves))
    return Scope(subject, value, holds, moves, column is not None, strata)


def _is_moved(key: str, kind: str) -> bool:
    if kind == "unit_replacement":
        return key not in _NOT_OF_DEVICES
    return key in MOVED_BY.get(kind, ())


def _place(key: str) -> tuple[int, str]:
    short = key if key in _SPECIFIC else key.rpartition("_")[2]
    return (_SPECIFIC.index(short) if short in _SPECIFIC else len(_SPECIFIC), key)


def _strata(subject: str, known: set[str]) -> tuple[str, ...]:
    of_devices = subject.rpartition("_")[2] in _OF_DEVICES or subject in _OF_DEVICES
    wanted = _STRATA.get(subject, ("device_model",) if of_devices else ())
    return tuple(key for key in wanted if key in known)
