"""What is not up to date: which days to work on, and whether to publish.

Reads versions and stamps only, never data, so that "nothing new" is known at once. Used by
`cx run` and by the sensors alike.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path

from cx_analytics.contracts.feeds import FEEDS
from cx_analytics.engine.models import all_paths
from cx_analytics.engine.stamps import Stamps, digest
from cx_analytics.engine.store import Store
from cx_analytics.ingest import lake_versions, runs_files
from cx_analytics.workspace import Workspace

PACKAGE_VERSION = "0.1.0"
SHOWN_DAYS = 92
"""Pictures and pages reach back so far, however old a workspace is."""

REFERENCES = ("units", "components", "cells")
"""Feeds that sessions are joined with: a change in them re-opens the days that saw it."""

SURROUNDINGS = "surroundings"
"""Stamps of the days whose units, components or cells were reported differently later on."""

LEDGER_READ = "ledger_read"
"""Stamp of the ledger that the table `actions` was made from."""

DAILY = ("sessions", "exposure", "causes_history", "fault_causes")
"""Derived tables with a stamp for each day, in the order in which they are made."""


DAY_MODELS = ("experience", "attribute")
"""Folders of sql/ whose change makes every day anew; that of another only publishes anew."""


@dataclass(frozen=True)
class Plan:
    """What a run has to do."""

    days: tuple[date, ...]
    publish: bool

    @property
    def nothing(self) -> bool:
        return not self.days and not self.publish


@cache
def code_version(days_only: bool) -> str:
    """Changes with the package's version and with the SQL models (of the days, or of all)."""
    content = hashlib.sha256(PACKAGE_VERSION.encode())
    for path in all_paths():
        if not days_only or path.parent.name in DAY_MODELS:
            content.update(path.read_bytes())
    return content.hexdigest()[:16]


def recipe(workspace: Workspace) -> str:
    """How the tables of a day are made today: settings and code."""
    return digest(workspace.settings.fingerprint, code_version(days_only=True))


def session_days(workspace: Workspace) -> dict[date, str]:
    """Days with sessions in the lake, each with the version that derived tables must have."""
    how, lake = recipe(workspace), lake_versions(workspace.root).get("sessions", {})
    around = Stamps(workspace.parts).of(SURROUNDINGS)
    return {
        date.fromisoformat(day): digest(version, around.get(day), how)
        for day, version in lake.items()
    }


def known_days(workspace: Workspace) -> list[date]:
    """Days with sessions in the lake, and days that derived tables still have, in order."""
    made = Store(workspace.parts)
    return sorted({*session_days(workspace), *(day for name in DAILY for day in made.days(name))})


def inputs_version(workspace: Workspace) -> str:
    """Version of everything that a publication rests on."""
    lake = lake_versions(workspace.root)
    feeds = [(name, sorted(lake.get(name, {}).items())) for name in FEEDS]
    around = sorted(Stamps(workspace.parts).of(SURROUNDINGS).items())
    # A batch of duplicates changes no partition, but what it took in is told in `runs`.
    runs = [content_digest(path) for path in runs_files(workspace.root)]
    own = [content_digest(path) for path in (workspace.ledger, workspace.root / "playbook.toml")]
    how = digest(recipe(workspace), code_version(days_only=False))
    return digest(how, feeds, around, runs, own)


def content_digest(path: Path) -> str:
    """A digest of a file's bytes; of nothing when there is no such file."""
    return hashlib.sha256(path.read_bytes() if path.is_file() else b"").hexdigest()


def stale_days(workspace: Workspace) -> tuple[date, ...]:
    """Days that some daily table was not made from today's input."""
    stamps = Stamps(workspace.parts)
    wanted = session_days(workspace)
    made = [stamps.of(table) for table in ("sessions", "exposure")]
    stale = {
        day
        for day, version in wanted.items()
        if any(one.get(day.isoformat()) != version for one in made)
    }
    said = stamps.of("causes_history")
    how = recipe(workspace)
    stale |= {day for day in wanted if not said.get(day.isoformat(), "").startswith(how)}
    stale |= {day for day in known_days(workspace) if day not in wanted}
    if not stale and wanted:
        newest = max(wanted)
        if said[newest.isoformat()] != fit_version(workspace, newest) or causes_lag(workspace):
            stale = {newest}
    return tuple(sorted(stale))


def causes_lag(workspace: Workspace) -> bool:
    """Whether the newest history is not in `causes`: the run was killed, or a check stopped it.

    The time of writing tells, since `causes` is written last, once the shares were checked.
    """
    made = Store(workspace.parts)
    said = made.days("causes_history")
    causes = made.path("causes")
    if not said or not causes.is_file():
        return bool(said)
    return causes.stat().st_mtime_ns < made.path("causes_history", said[-1]).stat().st_mtime_ns


def fit_version(workspace: Workspace, as_of: date) -> str:
    """The version of a fit: how it is made, and the days of its window."""
    begin = as_of - timedelta(days=workspace.settings.window_days - 1)
    window = {day: version for day, version in session_days(workspace).items() if day >= begin}
    inside = sorted((day, version) for day, version in window.items() if day <= as_of)
    return f"{recipe(workspace)}:{digest(*inside)}"


def plan(workspace: Workspace, first: date | None = None, last: date | None = None) -> Plan:
    """What is to do, for days from `first` to `last` (both inclusive)."""
    days = tuple(
        day
        for day in stale_days(workspace)
        if (first is None or day >= first) and (last is None or day <= last)
    )
    published = Stamps(workspace.parts).of("warehouse").get("all")
    fresh = workspace.database.is_file() and published == inputs_version(workspace)
    return Plan(days, publish=bool(days) or not fresh or ledger_grew(workspace))


def ledger_grew(workspace: Workspace) -> bool:
    """Whether the ledger has entries that `actions` does not know: the run wrote them itself."""
    read = Stamps(workspace.parts).of(LEDGER_READ).get("all")
    return read is not None and read != content_digest(workspace.ledger)


def ranges(days: tuple[date, ...], known: tuple[date, ...]) -> list[tuple[date, date]]:
    """Runs of days without a known day between them that is not to be worked on.

    >>> one, two, three = date(2026, 1, 1), date(2026, 1, 3), date(2026, 1, 4)
    >>> [(a.day, b.day) for a, b in ranges((one, two), known=(one, two, three))]
    [(1, 3)]
    >>> [(a.day, b.day) for a, b in ranges((one, three), known=(one, two, three))]
    [(1, 1), (4, 4)]
    """
    found: list[tuple[date, date]] = []
    for day in days:
        if found and not any(found[-1][1] < other < day for other in known):
            found[-1] = (found[-1][0], day)
        else:
            found.append((day, day))
    return found


def window_of(workspace: Workspace) -> list[date]:
    """The days with derived sessions in the window of the last one, in order."""
    days = Store(workspace.parts).days("sessions")
    begin = days[-1] - timedelta(days=workspace.settings.window_days - 1) if days else None
    return [day for day in days if begin is not None and day >= begin]


def lately(days: Sequence[date]) -> list[date]:
    """Those of a table's days, in order, that pictures and pages show.

    >>> len(lately([date(2026, 1, 1) + timedelta(days=n) for n in range(365)]))
    92
    """
    return [day for day in days if (days[-1] - day).days < SHOWN_DAYS]


def stale_experience(workspace: Workspace) -> dict[date, str]:
    """Customer days that were not scored from today's sessions and shares, with their version.

    A score rests on the customer's past as well, so its version has the days of its window.
    """
    stamps = Stamps(workspace.parts)
    sessions, shares = stamps.of("sessions"), stamps.of("fault_causes")
    scored = stamps.of("customer_experience")
    inputs = [(date.fromisoformat(day), v, shares.get(day)) for day, v in sorted(sessions.items())]
    reach = timedelta(days=workspace.settings.window_days - 1)
    wanted = {
        day: digest(*(one for one in inputs if day - reach <= one[0] <= day)) for day, *_ in inputs
    }
    wanted |= {date.fromisoformat(day): "" for day in scored if day not in sessions}
    return {
        day: version
        for day, version in sorted(wanted.items())
        if scored.get(day.isoformat()) != version
    }
