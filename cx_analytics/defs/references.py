"""Group ingest: notice which units and cells changed, and re-open the days that saw them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import dagster as dg

from cx_analytics.contracts.feeds import FEEDS, SESSIONS
from cx_analytics.defs.ingest import lake_key
from cx_analytics.defs.plan import REFERENCES, SURROUNDINGS
from cx_analytics.defs.refusing import RETRY, refusing
from cx_analytics.defs.resources import House
from cx_analytics.engine.stamps import Stamps, digest
from cx_analytics.ingest import lake_versions

KEYS: Mapping[str, tuple[str, str]] = {
    "units": ("unit_id", "no_clock"),
    "components": ("unit_id", "no_clock"),
    "cells": ("cell_id", "valid_from"),
}
"""By which column a session refers to a feed, and from which column on its rows hold."""

SEEN = "_seen_"
"""Prefix of the copies of reference feeds as the sessions were last joined with them."""


@dg.asset(
    group_name="ingest",
    deps=[lake_key(name) for name in (*REFERENCES, "sessions")],
    description="Re-opens the days whose units or cells are reported differently than before.",
    kinds={"duckdb"},
    retry_policy=RETRY,
)
@refusing
def references(house: House) -> dg.MaterializeResult[None]:
    stamps = Stamps(house.parts.root)
    now = {name: _version(house, name) for name in REFERENCES}
    seen = stamps.of("references")
    changed = [name for name in REFERENCES if now[name] != seen.get(name)]
    reopened = set[date]().union(*(_reopened(house, name) for name in changed))
    # Days first: a kill before the copies are made re-opens them once more, and loses none.
    stamps.set(SURROUNDINGS, {day.isoformat(): digest(*now.values()) for day in reopened})
    for name in changed:
        house.parts.write(SEEN + name, house.feed(FEEDS[name]))
    stamps.set("references", now)
    return dg.MaterializeResult(
        metadata={"days": dg.MetadataValue.json([day.isoformat() for day in sorted(reopened)])}
    )


def _version(house: House, feed: str) -> str:
    return lake_versions(house.workspace.root).get(feed, {}).get("all", "")


def _reopened(house: House, feed: str) -> set[date]:
    """Days on which a session referred to a row of the feed that has changed."""
    days = house.parts.days("sessions")
    key, since = KEYS[feed]
    if not days:
        return set()
    for name, store, table in (
        ("reference_now", house.lake, feed),
        ("reference_before", house.parts, SEEN + feed),
    ):
        rows = store.read(table)
        columns = FEEDS[feed].names
        frame = house.feed(FEEDS[feed]).clear() if rows is None else rows.select(columns)
        house.engine.register(
            name, frame.with_columns(no_clock=None) if since == "no_clock" else frame
        )
    changed = house.engine.model("experience/changed_keys", {"key": key, "since": since})
    house.engine.register("changed_key", changed)
    house.view("session", house.lake.paths("sessions", days), SESSIONS, house.engine)
    found = house.engine.model("experience/reopened_days", {"key": key})
    return set(found["day"].to_list())
