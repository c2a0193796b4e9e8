"""Where and when work was done, in words that may be said: machines, operator groups, shifts.

Belongs here: turning resources and hours into them, and keeping persons out. Stays out: counting.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase

import polars as pl

from cx_analytics.contracts.production import MINUTES, Supply


def places(resources: Iterable[str], supply: Supply) -> pl.DataFrame:
    """Relation `place`: resource, machine, operator_group.

    A person has no machine: nothing that follows can name one. Whoever belongs to a group is a
    person, too.
    """
    rows = [(name, *_place(name, supply)) for name in sorted(set(resources))]
    names = ("resource", "machine", "operator_group")
    return pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String), orient="row")


def _place(resource: str, supply: Supply) -> tuple[str | None, str | None]:
    groups = [name for name, who in supply.operator_groups.items() if _is_one(resource, who)]
    person = bool(groups) or _is_one(resource, supply.people)
    return (None if person else resource), (groups[0] if groups else None)


def _is_one(resource: str, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(resource, pattern) for pattern in patterns)


def shift_minutes(supply: Supply) -> pl.DataFrame:
    """Relation `shift_minute`: minute of the day in UTC, shift; null outside all shifts."""
    named = [
        (minute, next((one.name for one in supply.shifts if one.covers(minute)), None))
        for minute in range(MINUTES)
    ]
    return pl.DataFrame(named, schema={"minute": pl.Int64, "shift": pl.String}, orient="row")
