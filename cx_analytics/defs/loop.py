"""Group loop: what was done against causes, and whether the fixed ones come back.

Belongs here: actions, recurrences. Stays out: what actions did (effects.py), and writing into the
ledger (ledger.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import dagster as dg
import polars as pl

from cx_analytics import loop
from cx_analytics.contracts.feeds import ACTIONS as ACTIONS_FEED
from cx_analytics.contracts.feeds import APP_RELEASES, COMPONENTS, UNITS
from cx_analytics.contracts.tables import (
    ACTIONS,
    CAUSES_HISTORY,
    RECURRENCES,
    SESSIONS_TABLE,
)
from cx_analytics.defs.ingest import lake_key
from cx_analytics.defs.plan import LEDGER_READ, content_digest
from cx_analytics.defs.progress import tell
from cx_analytics.defs.resources import House
from cx_analytics.defs.tables import materialized, table_asset
from cx_analytics.engine.stamps import Stamps, digest
from cx_analytics.ingest import lake_versions

WATCHED = "watched_days"
"""Parts: sessions and faults by watch, day and version of the day's sessions."""

_COUNTED = ("day", "sessions", "faults")
_WATCHED_KEY = {"watch": pl.String, "day": pl.Date, "version": pl.String}
_WATCHED_SCHEMA = _WATCHED_KEY | {"sessions": pl.Int64, "faults": pl.Int64}
_VERSION = {"app_name": pl.String, "app_version": pl.String}


@table_asset(ACTIONS, group="loop", deps=[lake_key("actions")])
def actions(house: House) -> dg.MaterializeResult[None]:
    read = content_digest(house.workspace.ledger)
    taken = loop.actions_table(house.feed(ACTIONS_FEED), loop.read_ledger(house.workspace.ledger))
    written = house.write(ACTIONS, taken)
    Stamps(house.parts.root).set(LEDGER_READ, {"all": read})
    return materialized(ACTIONS, written)


@table_asset(
    RECURRENCES,
    group="loop",
    deps=["causes_history", "sessions", "actions", *map(lake_key, ("app_releases", "units"))],
)
def recurrences(house: House) -> dg.MaterializeResult[None]:
    tell("loop", "recurrences")
    entries = loop.read_ledger(house.workspace.ledger)
    watches = loop.watched(
        house.read(CAUSES_HISTORY),
        house.read(ACTIONS),
        house.feed(APP_RELEASES),
        {entry.action_id: entry.at for entry in entries if entry.event == "released"},
    )
    found = house.write(RECURRENCES, loop.recurrences(watches, watched_days(house, watches)))
    return materialized(RECURRENCES, found)


def watched_days(house: House, watches: Sequence[loop.Watch]) -> pl.DataFrame:
    """Sessions and faults of those who could show each watched cause again, by day.

    A day was counted for a watch once and for all, until its sessions change.
    """
    house.views({"unit": UNITS, "component": COMPONENTS}, house.lake)
    known = house.parts.read(WATCHED)
    before = pl.DataFrame(schema=_WATCHED_SCHEMA) if known is None else known
    counted = [watched(house, one.exposed, before) for one in watches]
    kept = pl.concat([pl.DataFrame(schema=_WATCHED_SCHEMA), *counted])
    house.parts.write(WATCHED, kept.unique(maintain_order=True))
    told = [frame.filter(pl.col("sessions") > 0) for frame in counted]
    frames = [
        frame.select(pl.lit(one.cause_id).alias("cause_id"), *_COUNTED)
        for one, frame in zip(watches, told, strict=True)
    ]
    return pl.concat([pl.DataFrame(schema=loop.DAYS_SCHEMA), *frames])


def watched(house: House, exposed: loop.Exposed, known: pl.DataFrame) -> pl.DataFrame:
    """The days of one watch: those that were counted before, and the others counted now."""
    watch = _watch(house, exposed)
    days = [day for day in house.parts.days(SESSIONS_TABLE.name) if day >= exposed.since.date()]
    stamps = Stamps(house.parts.root).of(SESSIONS_TABLE.name)
    rows = [(watch, day, stamps.get(day.isoformat(), "")) for day in days]
    wanted = pl.DataFrame(rows, schema=_WATCHED_KEY, orient="row")
    same = known.join(wanted, on=list(_WATCHED_KEY), how="semi").filter(pl.col("version") != "")
    missing = wanted.join(same, on="day", how="anti")
    if missing.is_empty():
        return same.sort("day")
    house.view("session", house.parts.paths(SESSIONS_TABLE.name, missing["day"]), SESSIONS_TABLE)
    fresh = missing.join(exposed_days(house, exposed), on="day", how="left")
    fresh = fresh.with_columns(pl.col("sessions", "faults").fill_null(0).cast(pl.Int64))
    return pl.concat([same, fresh.select(list(_WATCHED_SCHEMA))]).sort("day")


def _watch(house: House, exposed: loop.Exposed) -> str:
    """What decides which sessions of a day a watch counts."""
    made = lake_versions(house.workspace.root) if exposed.made_since is not None else {}
    units = [made.get(feed.name, {}) for feed in (UNITS, COMPONENTS)]
    held = sorted(exposed.held.items())
    lot = (exposed.made_since, exposed.lot, units)
    return digest(exposed.since, held, exposed.versions, lot)


def exposed_days(house: House, exposed: loop.Exposed) -> pl.DataFrame:
    """Sessions and faults of the exposed by day, by the model that fits them."""
    model = "loop/watched_days"
    if exposed.versions is not None:
        versions = pl.DataFrame(exposed.versions, schema=_VERSION, orient="row")
        house.duck.register("exposed_version", versions)
        model = "loop/watched_version_days"
    elif exposed.made_since is not None:
        house.duck.register("exposed_unit", exposed_units(house, exposed, exposed.made_since))
        model = "loop/watched_unit_days"
    pairs = [*sorted(exposed.held.items()), *[("session_id", None)] * loop.MOST_CONDITIONS]
    held = list(zip(("first", "second", "third"), pairs, strict=False))
    values = {f"{place}_value": value for place, (_, value) in held}
    columns = {place: column for place, (column, _) in held}
    return house.duck.model(model, columns, since=exposed.since, **values)


def exposed_units(house: House, exposed: loop.Exposed, since: datetime) -> pl.DataFrame:
    """Units made since production was changed, where the old lot came from."""
    if exposed.lot is None:
        return house.duck.model("loop/made_since", made_since=since)
    attribute, lot = exposed.lot
    if attribute == "lot":
        return house.duck.model("loop/made_like_lot", lot=lot, made_since=since)
    component = attribute.removesuffix("_lot")
    return house.duck.model(
        "loop/made_like_component_lot", component=component, lot=lot, made_since=since
    )
