"""Group loop: what was done against causes, and whether the fixed ones come back.

Belongs here: the ledger, actions, recurrences. Stays out: what actions did (effects.py).
"""

from __future__ import annotations

import dagster as dg
import polars as pl

from cx_analytics import loop
from cx_analytics.contracts.feeds import ACTIONS as ACTIONS_FEED
from cx_analytics.contracts.tables import (
    ACTION_LEDGER,
    ACTIONS,
    CAUSES_HISTORY,
    RECURRENCES,
    SESSIONS_TABLE,
)
from cx_analytics.defs.ingest import lake_key
from cx_analytics.defs.progress import tell
from cx_analytics.defs.resources import House
from cx_analytics.defs.tables import materialized, table_asset


@table_asset(ACTION_LEDGER, group="loop")
def action_ledger(house: House) -> dg.MaterializeResult[None]:
    written = house.write(
        ACTION_LEDGER, loop.ledger_table(loop.read_ledger(house.workspace.ledger))
    )
    return materialized(ACTION_LEDGER, written)


@table_asset(ACTIONS, group="loop", deps=[lake_key("actions"), "action_ledger"])
def actions(house: House) -> dg.MaterializeResult[None]:
    taken = loop.actions_table(house.feed(ACTIONS_FEED), loop.read_ledger(house.workspace.ledger))
    written = house.write(ACTIONS, taken)
    return materialized(ACTIONS, written)


@table_asset(RECURRENCES, group="loop", deps=["causes_history", "sessions"])
def recurrences(house: House) -> dg.MaterializeResult[None]:
    tell("loop", "recurrences")
    watch = loop.watched(house.read(CAUSES_HISTORY))
    found = house.write(RECURRENCES, loop.recurrences(watch, watched_days(house, watch)))
    return materialized(RECURRENCES, found)


def watched_days(house: House, watch: pl.DataFrame) -> pl.DataFrame:
    """Sessions and faults since the end of each watched cause, by day."""
    house.views({"session": SESSIONS_TABLE}, house.parts)
    frames = [
        house.duck.model(
            "loop/watched_days",
            dict(zip(("first", "second", "third"), row["attributes"], strict=True)),
            since=row["watched_since"],
            **dict(zip(("first_value", "second_value", "third_value"), row["values"], strict=True)),
        ).select(cause_id=pl.lit(row["cause_id"]), day="day", sessions="sessions", faults="faults")
        for row in watch.iter_rows(named=True)
    ]
    schema = {"cause_id": pl.String, "day": pl.Date, "sessions": pl.Int64, "faults": pl.Int64}
    return pl.concat([pl.DataFrame(schema=schema), *frames], how="vertical_relaxed")
