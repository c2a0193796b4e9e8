"""Group experience: the use of each unit, summed by month, for what asks for all of its life.

A month is summed again when a day of it changes; all others are only added up. So what looks back
over the whole history reads a row a unit and month, not its sessions.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from pathlib import Path

import dagster as dg

from cx_analytics.contracts.model import Column, Table
from cx_analytics.contracts.tables import SESSIONS_TABLE
from cx_analytics.defs.metadata import counts
from cx_analytics.defs.progress import tell
from cx_analytics.defs.refusing import RETRY, refusing
from cx_analytics.defs.resources import House
from cx_analytics.engine.models import load
from cx_analytics.engine.stamps import Stamps, digest

UNIT_USE = Table(
    "unit_months",
    "experience",
    "The use of each unit in a month, by what its sessions say it is.",
    "month, unit_id, device_model, hardware_revision, lot, site, line",
    (
        *(
            Column(name, "VARCHAR", f"The {name} of its sessions")
            for name in ("unit_id", "device_model", "hardware_revision", "lot", "site", "line")
        ),
        Column("first_seen", "TIMESTAMP", "Its first session of the month", "UTC"),
        Column("sessions", "BIGINT", "Its sessions", "sessions", low=0),
    ),
)
"""Parts with the sums of a month, under its first day."""

UNIT_MONTHS = UNIT_USE.name


@dg.asset(
    group_name="experience",
    deps=["sessions"],
    description="First and all sessions of each unit by month: its life without its sessions.",
    kinds={"duckdb", "parquet"},
    retry_policy=RETRY,
)
@refusing
def unit_months(house: House) -> dg.MaterializeResult[None]:
    months = sum_months(house)
    return dg.MaterializeResult(metadata=counts(house.parts.rows(UNIT_MONTHS), months=len(months)))


def sum_months(house: House) -> list[Path]:
    """Sum up the months that are not up to date; the files of all months."""
    made = Stamps(house.parts.root).of(UNIT_MONTHS)
    now = _months(house)
    versions = {month.isoformat(): digest(*known.items()) for month, known in now.items()}
    for month in house.parts.days(UNIT_MONTHS):
        if month not in now:
            house.parts.drop(UNIT_MONTHS, month)
    for month, known in now.items():
        at = month.isoformat()
        if made.get(at) != versions[at] or not house.parts.has(UNIT_MONTHS, month):
            tell("experience", f"units of {month:%Y-%m}")
            house.engine.view("session", house.parts.paths(SESSIONS_TABLE.name, known))
            target = house.parts.path(UNIT_MONTHS, month)
            house.engine.copy(load("experience/unit_months").sql, target)
    Stamps(house.parts.root).set(UNIT_MONTHS, versions)
    return house.parts.paths(UNIT_MONTHS)


def _months(house: House) -> dict[date, dict[date, str]]:
    """The first of each month with sessions → its days, with the version of their sessions."""
    stamps = Stamps(house.parts.root).of(SESSIONS_TABLE.name)
    found: dict[date, dict[date, str]] = defaultdict(dict)
    for day in house.parts.days(SESSIONS_TABLE.name):
        written = house.parts.path(SESSIONS_TABLE.name, day).stat().st_mtime_ns
        found[day.replace(day=1)][day] = stamps.get(day.isoformat(), str(written))
    return dict(found)
