"""Production events as the models of the stage supply read them: what stands, by declared cases.

Belongs here: putting the relation `event` in place. Stays out: the assets that read it (supply.py).
"""

from __future__ import annotations

from cx_analytics import supply
from cx_analytics.contracts.feeds import PRODUCTION_EVENTS
from cx_analytics.contracts.tables import QUARANTINE
from cx_analytics.defs.resources import House
from cx_analytics.engine.models import load
from cx_analytics.ingest import quarantine_files


def view_events(house: House, *, together: bool = True) -> None:
    """Make production events visible as `event`, of the cases that cx.toml declares.

    Those that an error declaration took back are left out. `together` puts the parts of a declared
    case together, pass by pass.
    """
    house.feed_view("received", PRODUCTION_EVENTS)
    taken_back = retracted(house)
    if taken_back:
        _view(house, "landed", load("supply/standing_events").sql)
    else:
        _view(house, "landed", "SELECT * FROM received")
    declared = house.workspace.settings.supply.case_column
    if declared is None:
        _view(house, "event", "SELECT * FROM landed")
        return
    house.duck.table("declared", load("supply/declared_cases").bind({"declared": declared}))
    shown = load("supply/declared_events").sql if together else "SELECT * FROM declared"
    house.duck.table("declared_event", shown)
    house.duck.drop("declared")
    _view(house, "event", "SELECT * FROM declared_event")


def forget_events(house: House) -> None:
    """Give back the memory of events that view_events put together."""
    house.duck.run("DROP VIEW event")
    if house.workspace.settings.supply.case_column is not None:
        house.duck.drop("declared_event")


def retracted(house: House) -> bool:
    """Make events that were taken back visible as `retracted`; whether there are any."""
    house.view("refused", quarantine_files(house.workspace.root), QUARANTINE)
    refused = house.duck.frame(
        "SELECT rule, record FROM refused WHERE feed = $feed AND rule = $rule",
        {"feed": PRODUCTION_EVENTS.name, "rule": supply.RETRACTED},
    )
    found = supply.retracted_events(refused)
    house.duck.register("retracted", found)
    return not found.is_empty()


def _view(house: House, name: str, sql: str) -> None:
    house.duck.run(f"CREATE OR REPLACE TEMP VIEW {name} AS {sql}")
