"""Group supply, what production wastes: where rejects are made, and by what."""

from __future__ import annotations

import dagster as dg
import polars as pl

from cx_analytics import supply
from cx_analytics.contracts.feeds import COMPONENTS
from cx_analytics.contracts.model import Table
from cx_analytics.contracts.tables import (
    CAUSES,
    REJECT_CAUSES,
    SESSIONS_TABLE,
    STEP_DEFECTS,
    STEP_FIELD_FAULTS,
    STEP_TIMES,
    STEP_WASTE,
)
from cx_analytics.defs.factory import view_lives
from cx_analytics.defs.ingest import lake_key
from cx_analytics.defs.progress import tell
from cx_analytics.defs.refusing import RETRY, refusing
from cx_analytics.defs.resources import House
from cx_analytics.defs.tables import facts, materialized, spec_of, table_asset
from cx_analytics.engine.models import load

_DEPS: list[str | dg.AssetKey] = ["step_times", lake_key(COMPONENTS.name)]


@dg.multi_asset(
    name="rejects_traced",
    specs=[
        spec_of(REJECT_CAUSES, group="supply", deps=_DEPS),
        spec_of(STEP_DEFECTS, group="supply", deps=_DEPS),
    ],
    retry_policy=RETRY,
)
@refusing
def rejects_traced(
    house: House,
) -> tuple[dg.MaterializeResult[None], dg.MaterializeResult[None]]:
    tell("supply", "rejects")
    roles = prepare_passes(house, supply.LOOKS)
    scan = supply.scan(house.duck)
    found = supply.search(scan)
    forget_passes(house)
    piece = house.workspace.settings.costs.get("reject_piece")
    causes = supply.reject_causes(scan, found, piece)
    made = supply.made_rejects(scan, found)
    house.write(supply.MADE_REJECTS, made)
    return (
        told(REJECT_CAUSES, house.write(REJECT_CAUSES, causes)),
        told(
            STEP_DEFECTS,
            house.write(STEP_DEFECTS, supply.step_defects(roles, made, causes, piece)),
        ),
    )


@table_asset(
    STEP_FIELD_FAULTS,
    group="supply",
    deps=["step_times", "fault_causes", "causes", lake_key(COMPONENTS.name)],
)
def step_field_faults(house: House) -> dg.MaterializeResult[None]:
    tell("supply", "field faults")
    view_lives(house)
    house.views({"cause": CAUSES, "session": SESSIONS_TABLE}, house.parts)
    used = house.duck.frame("SELECT unit_id FROM unit_month LIMIT 1")
    prepare_passes(house, supply.FIELD_LOOKS, silent=used.is_empty())
    faults = house.duck.model("supply/field_faults")
    if not (used.is_empty() and faults.is_empty()):
        house.views({"step_time": STEP_TIMES}, house.parts)
    scan = supply.scan(house.duck)
    found = supply.search(scan)
    units = house.duck.frame("SELECT look, unit_id FROM look WHERE rejects > 0")
    left = supply.left_faults(scan, found, units, faults)
    house.duck.register("field_fault", left if left.height else supply.no_field_faults())
    forget_passes(house)
    made = supply.made_faults(scan, found, house.duck.model("supply/field_spread"))
    house.write(supply.MADE_FAULTS, made)
    rate = house.workspace.settings.costs.get("field_fault")
    faults = supply.step_field_faults(scan, found, made, rate)
    return materialized(STEP_FIELD_FAULTS, house.write(STEP_FIELD_FAULTS, faults))


@table_asset(
    STEP_WASTE,
    group="supply",
    deps=["step_times", "reject_causes", "step_defects", "step_field_faults"],
)
def step_waste(house: House) -> dg.MaterializeResult[None]:
    house.views({"step_time": STEP_TIMES}, house.parts)
    costs = house.workspace.settings.costs
    found = supply.step_waste(
        house.duck.model("supply/step_days"),
        house.read(supply.MADE_REJECTS),
        house.read(REJECT_CAUSES),
        costs,
        supply.field_wastes(house.read(STEP_FIELD_FAULTS), costs.get("field_fault")),
    )
    return materialized(STEP_WASTE, house.write(STEP_WASTE, found))


def prepare_passes(house: House, looks: str, *, silent: bool = False) -> pl.DataFrame:
    """Make the tables that tracing reads, with that model of looks; returns the steps' roles.

    When those who look are silent, nothing was looked at: then no pass is needed.
    """
    duck, settings = house.duck, house.workspace.settings.supply
    house.view("step_time", [] if silent else house.parts.paths(STEP_TIMES.name), STEP_TIMES)
    house.view("component", house.lake.paths(COMPONENTS.name), COMPONENTS)
    roles = supply.recognise(duck.model("supply/step_totals"), settings.inspections)
    where = duck.frame("SELECT DISTINCT resource, line FROM step_time")
    for name, frame in supply.short_tables(roles, where, settings).items():
        duck.register("given", frame)
        duck.words(name, "SELECT * FROM given", *supply.SHORT[name])
    for name, model in {**supply.PASSES, "look": looks, **supply.SEEN}.items():
        duck.table(name, load(model).sql)
    return roles


def forget_passes(house: House) -> None:
    """Give back the memory of the tables that tracing reads."""
    for name in supply.TRACED:
        house.duck.drop(name)


def told(table: Table, frame: pl.DataFrame) -> dg.MaterializeResult[None]:
    """The result for a table that is made together with others."""
    return dg.MaterializeResult(asset_key=table.name, metadata=facts(table, frame.height, frame))
