"""Group attribute: additive counts of each day, and from them the causes of faults.

Days are counted once; a fit adds up the counts of its window. What a fit asks for beyond them
(exposure of the pairs and individuals that faults point to) is counted then, and kept as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import dagster as dg
import polars as pl

from cx_analytics import attribute
from cx_analytics.contracts.model import Table
from cx_analytics.contracts.ports import Shelf
from cx_analytics.contracts.tables import (
    CAUSE_RIVALS,
    CAUSES,
    CAUSES_HISTORY,
    FAULT_CAUSES,
    LOT_WATCH,
    RECURRENCES,
    SESSIONS_TABLE,
)
from cx_analytics.defs.cells import CELLS, COUNTED, attributes_of, counts_of, keep_cells
from cx_analytics.defs.metadata import plot
from cx_analytics.defs.partitions import SINGLE_RUN, days_of, is_one_fit, is_warm
from cx_analytics.defs.plan import fit_version, lately, recipe, session_days
from cx_analytics.defs.progress import tell
from cx_analytics.defs.refusing import RETRY, refusing
from cx_analytics.defs.resources import House
from cx_analytics.defs.tables import facts, materialized, spec_of, table_asset
from cx_analytics.engine.shelf import shelf
from cx_analytics.engine.stamps import Stamps
from cx_analytics.loop import say_recurred
from cx_analytics.report import causes_forest, faults_by_day, png

_One = dg.MaterializeResult[None]
_Four = tuple[_One, _One, _One, _One]


def attribution_assets(days: dg.DailyPartitionsDefinition) -> list[dg.AssetsDefinition]:
    """The assets of the group."""

    @dg.asset(
        group_name="attribute",
        deps=["sessions"],
        partitions_def=days,
        backfill_policy=SINGLE_RUN,
        description="Additive counts of a day: sessions and faults by attribute, hour, stratum.",
        kinds={"duckdb", "parquet"},
        retry_policy=RETRY,
    )
    @refusing
    def exposure(context: dg.AssetExecutionContext, house: House) -> dg.MaterializeResult[None]:
        return dg.MaterializeResult(metadata=dict(count_days(house, days_of(context))))

    @dg.multi_asset(
        name="attribution",
        specs=[
            spec_of(CAUSES_HISTORY, group="attribute", deps=["exposure"]),
            spec_of(FAULT_CAUSES, group="attribute", deps=["exposure"]),
            spec_of(CAUSE_RIVALS, group="attribute", deps=["exposure"]),
            spec_of(LOT_WATCH, group="attribute", deps=["exposure"]),
        ],
        partitions_def=days,
        backfill_policy=SINGLE_RUN,
        retry_policy=RETRY,
    )
    @refusing
    def attribution(context: dg.AssetExecutionContext, house: House) -> _Four:
        fit(house, days_of(context), warm=is_warm(context), one=is_one_fit(context))
        return (
            told(house, CAUSES_HISTORY),
            told(house, FAULT_CAUSES),
            told(house, CAUSE_RIVALS),
            told(house, LOT_WATCH),
        )

    @table_asset(CAUSES, group="attribute", deps=["causes_history", "fault_causes", "recurrences"])
    def causes(house: House) -> dg.MaterializeResult[None]:
        last = house.parts.days(CAUSES_HISTORY.name)[-1:]
        history, back = house.read(CAUSES_HISTORY), house.read(RECURRENCES)
        said = history.filter(pl.col("as_of").is_in(last)).drop("as_of")
        newest = house.write(CAUSES, say_recurred(said, back, history))
        return materialized(CAUSES, newest, **pictures(house, newest))

    return [exposure, attribution, causes]


def told(house: House, table: Table) -> dg.MaterializeResult[None]:
    """The result for a table; for one with days, as its last day shows it."""
    last = house.read(table, house.parts.days(table.name)[-1:] if table.day else None)
    return dg.MaterializeResult(asset_key=table.name, metadata=facts(table, last.height, last))


def count_days(house: House, days: Sequence[date]) -> dict[str, int]:
    """Count the days anew; returns rows by table."""
    tell("attribute", "counting")
    known = session_days(house.workspace)
    # Stamps first: a kill in between must not leave a day that only looks counted.
    Stamps(house.parts.root).clear("exposure", [day.isoformat() for day in days])
    for day in days:
        for name in (*COUNTED, CELLS):
            house.parts.drop(name, day)
    wanted = [day for day in days if day in known]
    if not wanted:
        return {}
    house.engine.view("session", house.parts.paths(SESSIONS_TABLE.name, wanted))
    counted = attribute.day_aggregates(house.engine, attributes_of(house, wanted), wanted)
    for name, frame in counted.items():
        for day in wanted:
            house.parts.write(name, frame.filter(pl.col("day") == day), day)
    versions = {day.isoformat(): known[day] for day in wanted}
    Stamps(house.parts.root).set("exposure", versions)
    return {name: frame.height for name, frame in counted.items()}


def fit(house: House, days: Sequence[date], *, warm: bool = True, one: bool = False) -> None:
    """Fit what the days ask for: themselves when nobody said them yet, and always the newest.

    With `one` the newest alone; the others are passed over, until everything is made anew.
    """
    for day in days:
        if day not in session_days(house.workspace):
            house.parts.drop(CAUSES_HISTORY.name, day)
            house.parts.drop(FAULT_CAUSES.name, day)
    counted = house.parts.days(attribute.FAULT_ROWS)
    if not counted:
        return
    said = Stamps(house.parts.root).of(CAUSES_HISTORY.name)
    how = recipe(house.workspace)
    unsaid = {day for day in days if not said.get(day.isoformat(), "").startswith(how)}
    if one:
        passed = {day.isoformat(): f"{how}:passed over" for day in unsaid - {counted[-1]}}
        Stamps(house.parts.root).set(CAUSES_HISTORY.name, passed)
        unsaid = set()
    as_of_days = sorted((unsaid & set(counted)) | {counted[-1]})
    shares_on = shares_days(house, days, counted, blocks=one)
    fits = sorted({*as_of_days, *shares_on})
    # A stretch holds the counts of two windows at most, however many days are fitted.
    window = house.workspace.settings.window_days
    for stretch in (fits[n : n + window] for n in range(0, len(fits), window)):
        mine = {day: shares_on[day] for day in stretch if day in shares_on}
        with shelf(house.workspace.spill("codes")) as codes:
            fit_days(house, stretch, set(as_of_days), mine, warm, codes)


def shares_days(
    house: House, days: Sequence[date], counted: Sequence[date], *, blocks: bool = False
) -> dict[date, list[date]]:
    """Which fit says the shares of which days: the last one that has the day in its window.

    With `blocks`, one fit for each window's length of days, counted back from the newest.
    """
    length = house.workspace.settings.window_days
    reach = timedelta(days=length - 1)
    newest = counted[-1]
    window = [day for day in counted if day >= newest - reach]
    older = [day for day in days if day < newest - reach and day in counted]
    found = {newest: window}
    for day in older:
        ahead = (newest - day) % timedelta(days=length) if blocks else reach
        last = max(other for other in counted if other <= day + ahead)
        found.setdefault(last, []).append(day)
    return found


def fit_days(
    house: House,
    fits: Sequence[date],
    said_on: set[date],
    shares: dict[date, list[date]],
    warm: bool,
    codes: Shelf,
) -> None:
    """Run the fits in order; write the history of `said_on`, and the shares that are asked for.

    What they read of the sessions is kept on the shelf `codes`.
    """
    known, fresh = known_before(house, fits[0]), list[pl.DataFrame]()
    counts, counter = counts_of(house, fits, known, codes)

    def count(wanted: pl.DataFrame) -> pl.DataFrame:
        fresh.append(counter(wanted))
        return fresh[-1]

    window = house.workspace.settings.window_days
    tell("attribute", "fits", 0, len(fits))
    stream = attribute.fit_days(
        counts,
        fits,
        known=known,
        window_days=window,
        warm=warm,
        shares_on=list(shares),
        count=count,
    )
    for place, found in enumerate(stream):
        tell("attribute", found.as_of.isoformat(), place + 1, len(fits))
        version = {found.as_of.isoformat(): fit_version(house.workspace, found.as_of)}
        if found.as_of in said_on:
            said = found.causes.with_columns(as_of=pl.lit(found.as_of))
            house.write(CAUSE_RIVALS, found.rivals)
            house.write(LOT_WATCH, found.lots)
            house.write(CAUSES_HISTORY, said, found.as_of)
            Stamps(house.parts.root).set(CAUSES_HISTORY.name, version)
        if found.shares is not None:
            tell("attribute", "shares", place + 1, len(fits))
            write_shares(house, found.shares, shares[found.as_of], *version.values())
    if fresh:
        keep_cells(house, pl.concat(fresh), fits[-1])


def known_before(house: House, day: date) -> pl.DataFrame | None:
    """What the last run before a day said."""
    earlier = [one for one in house.parts.days(CAUSES_HISTORY.name) if one < day]
    return house.read(CAUSES_HISTORY, earlier[-1:]) if earlier else None


def write_shares(house: House, shares: pl.DataFrame, days: Sequence[date], version: str) -> None:
    """Replace the shares of days; days without a fault get an empty partition."""
    for day in days:
        mine = shares.filter(pl.col("day") == day)
        house.write(FAULT_CAUSES, mine.drop("day"), day)
    versions = {day.isoformat(): version for day in days}
    Stamps(house.parts.root).set(FAULT_CAUSES.name, versions)


def faults_of_days(house: House) -> pl.DataFrame:
    """How many faults of each day that is shown every cause explains."""
    days = lately(house.parts.days(FAULT_CAUSES.name))
    for name, table in (("fault_causes", FAULT_CAUSES), ("sessions", SESSIONS_TABLE)):
        house.view(name, house.parts.paths(table.name, days), table)
    house.views({"causes": CAUSES}, house.parts)
    return house.duck.model("report/faults_by_day")


def pictures(house: House, causes: pl.DataFrame) -> dict[str, dg.MetadataValue]:
    """Faults by cause and the causes with their intervals, for the UI."""
    by_day = faults_of_days(house)
    shared = causes.filter(pl.col("kind") == "shared")
    found: dict[str, dg.MetadataValue] = {}
    if by_day.height:
        found["faults_by_cause"] = plot(png(faults_by_day(by_day)), "faults by day and cause")
    if shared.height:
        found["rate_ratios"] = plot(png(causes_forest(shared)), "rate ratio of each cause")
    return found
