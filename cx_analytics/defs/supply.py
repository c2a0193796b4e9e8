"""Group supply: how long each step of production worked and waited, why, and what it wastes."""

from __future__ import annotations

import dagster as dg

from cx_analytics import supply
from cx_analytics.contracts.feeds import COMPONENTS, PRODUCTION_EVENTS
from cx_analytics.contracts.tables import (
    CASE_GENEALOGY,
    QUARANTINE,
    STEP_MAP,
    STEP_TIME_ISSUES_TABLE,
    STEP_TIMES,
)
from cx_analytics.defs.ingest import lake_key
from cx_analytics.defs.production import forget_events, view_events
from cx_analytics.defs.progress import tell
from cx_analytics.defs.resources import House
from cx_analytics.defs.step_page import picture
from cx_analytics.defs.tables import facts, materialized, table_asset
from cx_analytics.engine.models import load
from cx_analytics.ingest import quarantine_files


@table_asset(STEP_TIMES, group="supply", deps=[lake_key("production_events")])
def step_times(house: House) -> dg.MaterializeResult[None]:
    tell("supply", "step times")
    view_events(house)
    house.duck.register("given_hours", supply.given_hours(house.workspace.settings.calendar))
    stage(house, supply.CalendarRule())
    model = load("supply/step_times").sql
    rows = house.duck.copy(model, house.parts.path(STEP_TIMES.name))
    forget_events(house)
    for name in supply.LEFT:
        house.duck.drop(name)
    return dg.MaterializeResult(metadata=facts(STEP_TIMES, rows))


def stage(house: House, rule: supply.CalendarRule) -> None:
    """Leave what the model supply/step_times reads: supply.LEFT."""
    for name, model in supply.STAGES.items():
        if name in supply.WORDS:
            house.duck.words(name, load(model).sql, supply.WORDS[name])
        else:
            house.duck.table(name, load(model).sql, rule.parameters(model) or None)
        for used_up in supply.USED_UP.get(name, ()):
            house.duck.drop(used_up)


@table_asset(STEP_TIME_ISSUES_TABLE, group="supply", deps=["step_times", "references"])
def step_time_issues(house: House) -> dg.MaterializeResult[None]:
    house.views({"step_time": STEP_TIMES}, house.parts)
    house.view("refused", quarantine_files(house.workspace.root), QUARANTINE)
    path = house.parts.path(STEP_TIME_ISSUES_TABLE.name)
    rows = house.duck.copy(load("supply/step_time_issues").sql, path, supply.SKEW)
    return dg.MaterializeResult(metadata=facts(STEP_TIME_ISSUES_TABLE, rows))


@table_asset(
    CASE_GENEALOGY,
    group="supply",
    deps=[lake_key(PRODUCTION_EVENTS.name), lake_key(COMPONENTS.name)],
)
def case_genealogy(house: House) -> dg.MaterializeResult[None]:
    tell("supply", "genealogy")
    view_events(house, together=False)
    house.feed_view("component", COMPONENTS)
    house.duck.table("case_link", load("supply/case_links").sql)
    model = load("supply/case_genealogy").sql
    rows = house.duck.copy(model, house.parts.path(CASE_GENEALOGY.name))
    house.duck.drop("case_link")
    forget_events(house)
    return dg.MaterializeResult(metadata=facts(CASE_GENEALOGY, rows))


@table_asset(STEP_MAP, group="supply", deps=["step_times", "step_defects", "step_field_faults"])
def step_map(house: House) -> dg.MaterializeResult[None]:
    house.views({"step_time": STEP_TIMES}, house.parts)
    transitions = house.duck.model("supply/step_map")
    made, faults = house.read(supply.MADE_REJECTS), house.read(supply.MADE_FAULTS)
    costs = house.workspace.settings.costs
    costed = house.write(STEP_MAP, supply.step_map(transitions, costs, made, faults))
    return materialized(STEP_MAP, costed, **picture(house))
