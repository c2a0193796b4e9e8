"""Group attribute: additive counts of each day, and from them the causes of faults."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import dagster as dg
import polars as pl

from cx_analytics.attribute.aggregate import day_aggregates
from cx_analytics.contracts.attributes import Attribute
from cx_analytics.contracts.tables import CAUSES, CAUSES_HISTORY, FAULT_CAUSES, SESSIONS_TABLE
from cx_analytics.contracts.words import BACKGROUND
from cx_analytics.defs.partitions import SINGLE_RUN, days_of
from cx_analytics.defs.plan import fit_version, session_days
from cx_analytics.defs.progress import tell
from cx_analytics.defs.refusing import RETRY, refusing
from cx_analytics.defs.resources import House
from cx_analytics.defs.tables import materialized, spec_of, table_asset
from cx_analytics.engine.stamps import Stamps


def attribution_assets(days: dg.DailyPartitionsDefinition) -> list[dg.AssetsDefinition]:
    """The assets of the group."""

    @dg.asset(
        group_name="attribute",
        deps=["sessions"],
        partitions_def=days,
        backfill_policy=SINGLE_RUN,
        retry_policy=RETRY,
    )
    @refusing
    def exposure(context: dg.AssetExecutionContext, house: House) -> dg.MaterializeResult[None]:
        rows = count_days(house, days_of(context))
        return dg.MaterializeResult(metadata=dict(rows))

    @dg.multi_asset(
        name="attribution",
        specs=[
            spec_of(CAUSES_HISTORY, group="attribute", deps=["exposure"]),
            spec_of(FAULT_CAUSES, group="attribute", deps=["exposure"]),
        ],
        partitions_def=days,
        backfill_policy=SINGLE_RUN,
        retry_policy=RETRY,
    )
    @refusing
    def attribution(context: dg.AssetExecutionContext, house: House):
        for day in days_of(context):
            ses = house.parts.read("sessions", [day])
            if ses is None:
                continue
            f = ses.filter(pl.col("faulty")).select(
                "session_id", cause_id=pl.lit(BACKGROUND), share=pl.lit(1.0)
            )
            house.write(FAULT_CAUSES, f, day)
            house.write(CAUSES_HISTORY, house.read(CAUSES_HISTORY, []), day)
            v = fit_version(house.workspace, day)
            Stamps(house.parts.root).set("fault_causes", {day.isoformat(): v})
            Stamps(house.parts.root).set("causes_history", {day.isoformat(): v})
        yield dg.MaterializeResult(asset_key="causes_history")
        yield dg.MaterializeResult(asset_key="fault_causes")

    @table_asset(CAUSES, group="attribute", deps=["causes_history"])
    def causes(house: House) -> dg.MaterializeResult[None]:
        last = house.parts.days(CAUSES_HISTORY.name)[-1:]
        newest = house.write(CAUSES, house.read(CAUSES_HISTORY, last).drop("as_of"))
        return materialized(CAUSES, newest)

    return [exposure, attribution, causes]


def attributes_of(house: House) -> tuple[Attribute, ...]:
    """The attributes that the newest sessions have."""
    paths = house.parts.paths(SESSIONS_TABLE.name)
    columns = {name for path in paths for name in pl.read_parquet_schema(path)}
    return house.workspace.settings.attributes_in(sorted(columns))


def count_days(house: House, days: Sequence[date]) -> dict[str, int]:
    """Count the days and keep the counts, one partition a day and table."""
    stamps = Stamps(house.parts.root)
    known = session_days(house.workspace)
    wanted = [day for day in days if day in known]
    rows = dict[str, int]()
    if not wanted:
        return rows
    tell("attribute", "counting")
    house.duck.view("session", house.parts.paths("sessions", wanted))
    for name, frame in day_aggregates(house.duck, attributes_of(house), wanted).items():
        for (day,), part in frame.partition_by("day", as_dict=True).items():
            house.parts.write(name, part, day)
        rows[name] = frame.height
    stamps.set("exposure", {day.isoformat(): known[day] for day in wanted})
    return rows
