"""Group factory: defects behind the device causes, units at risk, holds; and their packs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

import dagster as dg
import polars as pl

from cx_analytics import factory
from cx_analytics.attribute import FAULT_ROWS
from cx_analytics.contracts.feeds import COMPONENTS, UNITS
from cx_analytics.contracts.model import Table
from cx_analytics.contracts.tables import (
    ACTION_PROPOSALS,
    CAUSE_RIVALS,
    CAUSES,
    DEFECT_AGES,
    DEFECT_LIFE,
    DEFECTS,
    FAULT_CAUSES,
    SESSIONS_TABLE,
    UNIT_HOLDS,
    UNIT_RISK,
)
from cx_analytics.defs.ingest import lake_key
from cx_analytics.defs.months import UNIT_USE, sum_months
from cx_analytics.defs.plan import window_of
from cx_analytics.defs.progress import tell
from cx_analytics.defs.refusing import RETRY, refusing
from cx_analytics.defs.resources import House
from cx_analytics.defs.tables import facts, materialized, spec_of, table_asset
from cx_analytics.engine.models import load
from cx_analytics.engine.stamps import Stamps, digest
from cx_analytics.exchange import Case, Picture, deliver, folder_name, pack
from cx_analytics.loop import ledger_table, read_ledger
from cx_analytics.report import defect_by_day, png, sister_rates, svg


@dataclass(frozen=True)
class Window:
    """The window [begin, end) of the sessions that the factory's numbers rest on, UTC."""

    begin: datetime
    end: datetime

    @property
    def parameters(self) -> dict[str, Any]:
        return {"window_from": self.begin, "window_to": self.end}


def window(house: House) -> Window:
    """The window of the last day processed; an empty one before any."""
    days = window_of(house.workspace)
    begin = datetime.combine(days[0], time()) if days else datetime(1970, 1, 1)
    end = datetime.combine(days[-1] + timedelta(days=1), time()) if days else begin
    return Window(begin, end)


def match_units(house: House) -> pl.DataFrame:
    """Every unit under each defect of today (model factory/defect_units)."""
    span = window(house)
    version = match_defects(house, house.read(CAUSES), span)
    if not house.is_left("defect_unit", digest(version, span.parameters)):
        house.duck.table("defect_unit", load("factory/defect_units").sql, span.parameters)
    return house.duck.frame("SELECT * FROM defect_unit ORDER BY defect_id, unit_id")


def match_defects(house: House, causes: pl.DataFrame, *spans: Window) -> str:
    """Leave what the models of the factory read: matched_unit, unit_fault and what they rest on.

    Returns the version of what is left.

    `spans` are the times whose sessions are counted; faults and first use count at all times.
    """
    house.views({"unit": UNITS, "component": COMPONENTS}, house.lake)
    conditions = factory.defect_conditions(causes)
    house.duck.register("defect_condition", conditions)
    shares = Stamps(house.parts.root).of(FAULT_CAUSES.name)
    version = digest(conditions.to_dicts(), shares)
    if not house.is_left("matched_unit", version):
        view_lives(house)
        for made_of in ("unit_attribute", "matched_unit", "unit_fault"):
            house.duck.table(made_of, load(f"factory/{made_of}s").sql)
    view_spans(house, spans)
    return version


def view_spans(house: House, spans: Sequence[Window]) -> None:
    """Make the sessions of the days that begin in these times visible as `session`."""
    days = [
        day
        for day in house.parts.days(SESSIONS_TABLE.name)
        if any(one.begin <= datetime.combine(day, time()) < one.end for one in spans)
    ]
    house.view("session", house.parts.paths(SESSIONS_TABLE.name, days), SESSIONS_TABLE)


def view_lives(house: House) -> None:
    """Make visible what is known of the whole life of units: unit_month, faulty_session, shares.

    To sum up a month that is not up to date changes what `session` shows.
    """
    house.view("unit_month", sum_months(house), UNIT_USE)
    house.view("faulty_session", house.parts.paths(FAULT_ROWS), SESSIONS_TABLE)
    house.views({"fault_cause": FAULT_CAUSES}, house.parts)


@table_asset(
    DEFECTS,
    group="factory",
    deps=["causes", "cause_rivals", "fault_causes", lake_key("units"), lake_key("components")],
)
def defects(house: House) -> dg.MaterializeResult[None]:
    tell("factory", "defects")
    span, units = window(house), match_units(house)
    inside = house.duck.model("factory/defect_components")
    found = factory.defects(
        house.read(CAUSES),
        units,
        inside,
        daily=house.duck.model("factory/defect_use", **span.parameters),
        rivals=house.read(CAUSE_RIVALS),
        begin=span.begin,
        end=span.end,
    )
    written = house.write(DEFECTS, found)
    return materialized(DEFECTS, written)


@dg.multi_asset(
    name="defect_lives",
    specs=[
        spec_of(DEFECT_AGES, group="factory", deps=["defects"]),
        spec_of(DEFECT_LIFE, group="factory", deps=["defects"]),
    ],
    retry_policy=RETRY,
)
@refusing
def defect_lives(
    house: House,
) -> tuple[dg.MaterializeResult[None], dg.MaterializeResult[None]]:
    match_defects(house, house.read(CAUSES), window(house))
    span = window(house).parameters
    reaches = {"failed_share": factory.FAILED_SHARE}
    house.duck.table("unit_life", load("factory/unit_lives").sql, span | reaches)
    ages = house.write(DEFECT_AGES, house.duck.model("factory/defect_ages", **span))
    life = factory.defect_life(house.duck.frame("SELECT * FROM unit_life"))
    return (
        told(DEFECT_AGES, ages),
        told(DEFECT_LIFE, house.write(DEFECT_LIFE, life)),
    )


def told(table: Table, frame: pl.DataFrame) -> dg.MaterializeResult[None]:
    """The result for a table that is made together with others."""
    return dg.MaterializeResult(asset_key=table.name, metadata=facts(table, frame.height, frame))


@table_asset(UNIT_RISK, group="factory", deps=["defects"])
def unit_risk(house: House) -> dg.MaterializeResult[None]:
    span = window(house)
    risks = factory.unit_risk(match_units(house), begin=span.begin, end=span.end)
    written = house.write(UNIT_RISK, risks)
    return materialized(UNIT_RISK, written)


@table_asset(UNIT_HOLDS, group="factory", deps=["defects", "action_ledger"])
def unit_holds(house: House) -> dg.MaterializeResult[None]:
    rails, end = house.workspace.settings.rails, window(house).end
    proposals = factory.hold_proposals(house.read(DEFECTS), rails, at=end)
    ledger = ledger_table(read_ledger(house.workspace.ledger))
    standing = house.write(UNIT_HOLDS, factory.holds(proposals, ledger, now=end))
    return materialized(UNIT_HOLDS, standing)


@dg.asset(
    group_name="exchange",
    deps=["defects", "unit_risk", "action_proposals"],
    description="One pack a defect in exports/: 8D as XLSX and PDF, serials, EPCIS, B2MML, CFX.",
    kinds={"json", "csv", "xlsx"},
    retry_policy=RETRY,
)
@refusing
def feedback_packs(house: House) -> dg.MaterializeResult[None]:
    tell("exchange", "packs")
    exports = house.workspace.exports
    delivered = {name: deliver(files, exports, name) for name, files in packs(house)}
    return dg.MaterializeResult(
        metadata={
            "packs": len(delivered),
            "new": sum(delivered.values()),
            "folders": dg.MetadataValue.json(sorted(delivered)),
        }
    )


def packs(house: House) -> Iterator[tuple[str, dict[str, bytes]]]:
    """Folder name and files of the pack of each defect."""
    span, rails = window(house), house.workspace.settings.rails
    as_of = (span.end - timedelta(days=1)).date()
    for case in cases(house):
        files = pack(
            case,
            at=span.end,
            expires_at=span.end + timedelta(days=rails.expires_after_days),
            as_of=as_of,
        )
        yield folder_name(case.defect["defect_id"], as_of, files), files


def cases(house: House) -> Iterator[Case]:
    """Each defect with the tables and pictures that tell of it."""
    span = window(house)
    matched = match_units(house)
    risks = factory.units_at_risk(matched, house.read(UNIT_RISK), begin=span.begin, end=span.end)
    sisters = house.duck.model("factory/sister_lots", **span.parameters)
    days = house.duck.model("factory/defect_days", **span.parameters)
    found = house.read(DEFECTS)
    evidence = factory.defect_evidence(found, house.read(CAUSES))
    asked = house.read(ACTION_PROPOSALS).sort("action_id").to_dicts()
    for defect in found.iter_rows(named=True):
        mine = pl.col("defect_id") == defect["defect_id"]
        own_days, own_sisters = days.filter(mine), sisters.filter(mine)
        yield Case(
            defect,
            risks.filter(mine),
            own_sisters,
            own_days,
            evidence.filter(mine),
            pictures(own_days, own_sisters),
            [one for one in asked if one["cause_id"] == defect["cause_id"]],
        )


def pictures(days: pl.DataFrame, sisters: pl.DataFrame) -> list[Picture]:
    """The suspect beside its sisters: by day, and value by value; none without use."""
    if not sisters.select((pl.col("sessions") > 0).any()).item():
        return []
    drawn = (
        ("Faults by day, suspect and sisters", defect_by_day(days)),
        ("Faults of the suspect and of its sisters", sister_rates(sisters)),
    )
    return [Picture(words, svg(spec), png(spec, scale=2)) for words, spec in drawn]
