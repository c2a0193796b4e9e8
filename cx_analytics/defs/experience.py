"""Group experience: each session with its surroundings and its score, day by day."""

from __future__ import annotations

from datetime import date

import dagster as dg

from cx_analytics.contracts.feeds import CELLS, COMPONENTS, UNITS
from cx_analytics.contracts.tables import SESSIONS_TABLE
from cx_analytics.defs.ingest import lake_key
from cx_analytics.defs.partitions import FRESH_DAILY, days_of
from cx_analytics.defs.plan import DAILY, session_days
from cx_analytics.defs.progress import each_day
from cx_analytics.defs.resources import House
from cx_analytics.defs.tables import facts, table_asset
from cx_analytics.engine.models import load
from cx_analytics.engine.stamps import Stamps
from cx_analytics.experience import NAMES_SQL, components_sql, score_sql, scored_sql

CUSTOMER_DAYS = "customer_days"
"""Additive sums of each customer and day (model experience/customer_days), kept as parts."""


def sessions_asset(days: dg.DailyPartitionsDefinition) -> dg.AssetsDefinition:
    """The asset of joined and scored sessions."""

    @table_asset(
        SESSIONS_TABLE,
        group="experience",
        deps=[lake_key("sessions"), "references"],
        partitions=days,
        fresh=FRESH_DAILY,
    )
    def sessions(context: dg.AssetExecutionContext, house: House) -> dg.MaterializeResult[None]:
        _surroundings(house)
        rows = {day: join_day(house, day) for day in each_day("experience", days_of(context))}
        sample = house.parts.read("sessions", list(rows)[-1:])
        return dg.MaterializeResult(
            metadata={
                **facts(SESSIONS_TABLE, sum(rows.values()), sample),
                "rows_by_day": {day.isoformat(): count for day, count in rows.items()},
            }
        )

    return sessions


def _surroundings(house: House) -> None:
    """Make units, components and cells visible to the join."""
    house.view("unit", house.lake.paths("units"), UNITS, house.engine)
    house.view("cell", house.lake.paths("cells"), CELLS, house.engine)
    house.views({"component": COMPONENTS}, house.lake)
    names = house.duck.frame(NAMES_SQL)["name"].to_list()
    wide = components_sql(names, house.workspace.settings.extra_columns)
    house.duck.table("unit_component", wide)
    if house.engine is not house.duck:
        house.engine.register("unit_component", house.duck.frame("SELECT * FROM unit_component"))


def join_day(house: House, day: date) -> int:
    """Join and score the sessions of one day; returns how many there are."""
    stamps = Stamps(house.parts.root)
    version = session_days(house.workspace).get(day)
    if version is None:
        house.parts.drop("sessions", day)
        house.parts.drop(CUSTOMER_DAYS, day)
        for table in DAILY:
            stamps.clear(table, [day.isoformat()])
        return 0
    house.engine.view("session", house.lake.paths("sessions", [day]))
    joined = load("experience/sessions").sql
    columns = house.engine.schema(joined)
    settings = house.workspace.settings
    score = score_sql(settings.metrics, settings.fault_severity, settings.default_severity, columns)
    rows = house.engine.copy(scored_sql(joined, score), house.parts.path("sessions", day))
    house.engine.view("sessions", [house.parts.path("sessions", day)])
    house.parts.write(CUSTOMER_DAYS, house.engine.model("experience/customer_days"), day)
    stamps.set("sessions", {day.isoformat(): version})
    return rows
