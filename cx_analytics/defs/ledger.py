"""Group loop: the ledger as a table, what it is owed by itself, and what could be done.

Belongs here: the only place of a run that writes into the ledger. Stays out: what is due and what
the guard rails let happen (loop).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time, timedelta

import dagster as dg
import polars as pl

from cx_analytics import factory, loop
from cx_analytics.contracts.feeds import ACTIONS as ACTIONS_FEED
from cx_analytics.contracts.feeds import APP_RELEASES, UNITS
from cx_analytics.contracts.tables import (
    ACTION_EFFECTS,
    ACTION_LEDGER,
    ACTION_PROPOSALS,
    ACTIONS,
    CAUSES,
    CAUSES_HISTORY,
    DEFECTS,
    RECURRENCES,
    RELEASE_LIMITS,
    SESSIONS_TABLE,
)
from cx_analytics.defs.ingest import lake_key
from cx_analytics.defs.plan import window_of
from cx_analytics.defs.resources import House
from cx_analytics.defs.tables import materialized, table_asset
from cx_analytics.engine.stamps import digest
from cx_analytics.ingest import lake_versions


@table_asset(RELEASE_LIMITS, group="loop", deps=["sessions", lake_key("app_releases")])
def release_limits(house: House) -> dg.MaterializeResult[None]:
    limits = house.write(RELEASE_LIMITS, compared_releases(house))
    return materialized(RELEASE_LIMITS, limits)


def compared_releases(house: House) -> pl.DataFrame:
    """New releases beside the ones before, from all days with sessions."""
    rails, days = house.workspace.settings.rails, house.parts.days(SESSIONS_TABLE.name)
    releases = house.feed(APP_RELEASES)
    found = loop.new_releases(releases, begin=_start(days[0]), end=_end(days)) if days else []
    staged = loop.stages(found)
    spans = staged.select(pl.col("stage_from", "stage_to").dt.date()).rows()
    seen = [day for day in days if any(begin <= day <= end for begin, end in spans)]
    house.view("session", house.parts.paths(SESSIONS_TABLE.name, seen), SESSIONS_TABLE)
    house.duck.register("release_stage", staged)
    codes = pl.Series("fault_code", rails.crash_codes, dtype=pl.String)
    house.duck.register("crash_code", codes.unique(maintain_order=True).to_frame())
    return loop.release_limits(found, house.duck.model("loop/release_days"), rails)


@table_asset(
    ACTION_PROPOSALS,
    group="loop",
    deps=["causes", "defects", lake_key("units"), "recurrences", "release_limits"],
)
def action_proposals(house: House) -> dg.MaterializeResult[None]:
    rails = house.workspace.settings.rails
    table = loop.proposals_table(proposals(house), rails)
    return materialized(ACTION_PROPOSALS, house.write(ACTION_PROPOSALS, table))


@table_asset(ACTION_LEDGER, group="loop", deps=["actions", "action_effects", "action_proposals"])
def action_ledger(house: House) -> dg.MaterializeResult[None]:
    kept = keep_up(house) + act(house)
    written = house.write(
        ACTION_LEDGER, loop.ledger_table(loop.read_ledger(house.workspace.ledger))
    )
    return materialized(ACTION_LEDGER, written, written_by_itself=kept)


def proposals(house: House) -> list[tuple[loop.Proposal, int | None]]:
    """What could be done as of the last day, each with the units that the claim rests on."""
    rails, defects = house.workspace.settings.rails, house.read(DEFECTS)
    holds = factory.hold_proposals(defects, rails, at=_end(window_of(house.workspace)))
    house.view("unit", house.lake.paths(UNITS.name), UNITS)
    made = int(house.duck.frame("SELECT count(DISTINCT unit_id) AS made FROM unit")["made"][0])
    releases = house.read(RELEASE_LIMITS)
    return loop.proposals(house.read(CAUSES), defects, holds, rails, made, releases)


def _end(days: list[date]) -> datetime:
    """The end of the last day; long ago when there is none."""
    return _start(days[-1]) + timedelta(days=1) if days else datetime(1970, 1, 1)


def _start(day: date) -> datetime:
    return datetime.combine(day, time())


def keep_up(house: House) -> int:
    """Write what took effect, what it did and what came back; returns the number of entries."""
    ledger, now = house.workspace.ledger, house.now()
    if not ledger.is_file():
        return 0
    back = house.read(RECURRENCES)
    known = loop.findings(
        house.read(ACTIONS), house.read(ACTION_EFFECTS), back, house.read(CAUSES_HISTORY)
    )
    acknowledged = dict(house.feed(ACTIONS_FEED).select("action_id", "effective_from").iter_rows())
    rails, evidence = house.workspace.settings.rails, snapshot(house)
    return loop.append_all(
        ledger,
        lambda entries: loop.owed(
            entries, known, back, acknowledged, now=now, rails=rails, evidence=evidence
        ),
    )


def act(house: House) -> int:
    """Do what the guard rails let the product do by itself; returns the number of entries."""
    rails, now = house.workspace.settings.rails, house.now()
    if not rails.automatic:
        return 0
    evidence = snapshot(house)
    asked = [(replace(one, evidence=evidence), sample) for one, sample in proposals(house)]
    return loop.append_all(
        house.workspace.ledger, lambda entries: loop.automatic_entry(entries, asked, rails, now)
    )


def snapshot(house: House) -> str:
    """The version of the lake that an entry rests on."""
    return f"lake {digest(sorted(lake_versions(house.workspace.root).items()))}"
