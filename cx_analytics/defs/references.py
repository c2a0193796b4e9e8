"""Group ingest: notice which units and cells changed, and re-open the days that saw them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

import dagster as dg
import polars as pl

from cx_analytics.contracts.feeds import FEEDS, SESSIONS
from cx_analytics.contracts.quoting import quote
from cx_analytics.defs.ingest import lake_key
from cx_analytics.defs.plan import REFERENCES, SURROUNDINGS
from cx_analytics.defs.refusing import RETRY, refusing
from cx_analytics.defs.resources import House
from cx_analytics.engine.frames import conform
from cx_analytics.engine.stamps import Stamps, digest
from cx_analytics.ingest import lake_versions

NO_CLOCK = "no_clock"
"""A column without values: rows of such a feed hold at all times."""

KEYS: Mapping[str, tuple[str, str]] = {
    "units": ("unit_id", NO_CLOCK),
    "components": ("unit_id", NO_CLOCK),
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
        _visible(house, "reference_now", house.lake.paths(name), name)
        sql = f"SELECT * EXCLUDE ({NO_CLOCK}) FROM reference_now"
        house.duck.copy(sql, house.parts.path(SEEN + name))
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
    _visible(house, "reference_now", house.lake.paths(feed), feed)
    _visible(house, "reference_before", house.parts.paths(SEEN + feed), feed)
    changed = house.duck.model("experience/changed_keys", {"key": key, "since": since})
    house.engine.register("changed_key", changed)
    house.view("session", house.lake.paths("sessions", days), SESSIONS, house.engine)
    found = house.engine.model("experience/reopened_days", {"key": key})
    return set(found["day"].to_list())


def _visible(house: House, name: str, paths: Sequence[Path], feed: str) -> None:
    """Make a state of a reference feed visible to SQL: the contract's columns, and NO_CLOCK."""
    rows, table = f"{name} as stored", FEEDS[feed]
    types = {**{one.name: one.type for one in table.columns}, NO_CLOCK: "TIMESTAMP"}
    if paths:
        house.duck.view(rows, paths, types)
    else:
        none = pl.lit(None, pl.Datetime("us")).alias(NO_CLOCK)
        house.duck.register(rows, conform(None, table).with_columns(none))
    columns = ", ".join(quote(column) for column in types)
    house.duck.run(
        f"CREATE OR REPLACE TEMP VIEW {quote(name)} AS SELECT {columns} FROM {quote(rows)}"
    )
