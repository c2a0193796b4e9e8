"""The production events that tables are made of: what stands, by the cases that are declared."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import polars as pl

from cx_analytics.bench.steps.production import lay
from cx_analytics.contracts.tables import QUARANTINE
from cx_analytics.defs.production import forget_events, view_events
from cx_analytics.defs.resources import House
from cx_analytics.engine.files import write_text
from cx_analytics.engine.frames import conform

START = datetime(2026, 3, 2, 6)


def events(*rows: tuple[str, str, str]) -> pl.DataFrame:
    """Events of the cases of a lot: case_id, step, event_id, an hour each."""
    return pl.DataFrame(rows, schema=["case_id", "step", "event_id"], orient="row").with_columns(
        pl.lit(START).alias("started_at"),
        pl.lit(START + timedelta(hours=1)).alias("ended_at"),
        pl.lit("L1").alias("lot"),
    )


def shown(house: House) -> list[tuple[str, str, str]]:
    view_events(house)
    found = house.duck.frame("SELECT case_id, step, event_id FROM event ORDER BY ALL").rows()
    forget_events(house)
    return found


def test_an_event_is_taken_back_by_a_later_document(tmp_path: Path) -> None:
    house = lay(
        tmp_path / "w", {"production_events": events(("U1", "cut", "e1"), ("U1", "cut", "e2"))}
    )
    assert shown(house) == [("U1", "cut", "e1"), ("U1", "cut", "e2")]
    declared = {
        "feed": "production_events",
        "file": "landing/production_events/late.json",
        "rule": "epcis_retracted",
        "reason": "an errorDeclaration says that this event is wrong (EPCIS 2.0, 7.4.1.2)",
        "record": '{"eventID": "e1", "type": "ObjectEvent", "errorDeclaration": {}}',
        "batch": "000002",
    }
    path = house.workspace.root / "quarantine" / "production_events" / "000002.parquet"
    path.parent.mkdir(parents=True)
    conform(pl.DataFrame([declared]), QUARANTINE).write_parquet(path)
    assert shown(house) == [("U1", "cut", "e2")]


def test_units_of_a_lot_are_one_case_when_lots_are_declared(tmp_path: Path) -> None:
    house = lay(
        tmp_path / "w", {"production_events": events(("U1", "cut", "e1"), ("U2", "cut", "e2"))}
    )
    write_text(tmp_path / "w" / "cx.toml", '[supply]\ncase = "lot"\n')
    assert shown(House(root=house.root, locked=False)) == [("L1", "cut", "e1")]
