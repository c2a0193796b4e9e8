"""Group attribute: rises of contacts, which have no sessions to be counted against.

What was said of a day stays while the contacts up to that day do.
"""

from __future__ import annotations

from datetime import date, timedelta

import dagster as dg
import polars as pl

from cx_analytics.attribute import contacts
from cx_analytics.contracts.feeds import CONTACTS
from cx_analytics.contracts.tables import CONTACT_SHIFTS
from cx_analytics.defs.ingest import lake_key
from cx_analytics.defs.plan import recipe
from cx_analytics.defs.progress import tell
from cx_analytics.defs.resources import House
from cx_analytics.defs.tables import materialized, table_asset
from cx_analytics.engine.stamps import Stamps, digest
from cx_analytics.ingest import lake_versions

TOLD_DAYS = 400
"""Days up to the newest contact for which rises are told."""


@table_asset(CONTACT_SHIFTS, group="attribute", deps=[lake_key("contacts")])
def contact_shifts(house: House) -> dg.MaterializeResult[None]:
    tell("attribute", "contacts")
    how = recipe(house.workspace)
    now = {
        day: digest(version, how)
        for day, version in lake_versions(house.workspace.root).get(CONTACTS.name, {}).items()
    }
    stamps = Stamps(house.parts.root)
    since = first_changed(now, stamps.of(CONTACT_SHIFTS.name))
    stamps.clear(CONTACT_SHIFTS.name, stamps.of(CONTACT_SHIFTS.name))
    written = house.write(CONTACT_SHIFTS, shifts(house, sorted(now), since))
    stamps.set(CONTACT_SHIFTS.name, now)
    return materialized(CONTACT_SHIFTS, written)


def first_changed(now: dict[str, str], seen: dict[str, str]) -> date | None:
    """The first day whose contacts are not those that were seen before."""
    changed = [day for day in {*now, *seen} if now.get(day) != seen.get(day)]
    return date.fromisoformat(min(changed)) if changed else None


def shifts(house: House, days: list[str], since: date | None) -> pl.DataFrame:
    """What was said before of days that have not changed, and what is to be said of the others."""
    before = house.read(CONTACT_SHIFTS)
    if not days:
        return before.clear()
    oldest = date.fromisoformat(days[-1]) - timedelta(days=TOLD_DAYS)
    kept = before.filter(pl.col("as_of") >= oldest)
    if since is None:
        return kept
    since = max(since, oldest)
    counted = since - timedelta(days=contacts.REACH_DAYS)
    paths = house.lake.paths(CONTACTS.name, [date.fromisoformat(day) for day in days])
    house.view("contact", paths, CONTACTS)
    counts = house.duck.model("attribute/contact_counts", since=counted)
    fresh = contacts.contact_shifts(counts, since)
    return pl.concat([kept.filter(pl.col("as_of") < since), fresh])
