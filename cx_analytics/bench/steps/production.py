"""The assets of production on given events: what a run makes of them, without the rest of it.

Belongs here: a workspace whose lake holds the events, and making assets there. Stays out: what the
assets do (defs/supply.py, defs/waste.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import dagster as dg
import polars as pl

from cx_analytics.contracts.feeds import FEEDS
from cx_analytics.contracts.model import Table
from cx_analytics.defs.resources import House
from cx_analytics.engine.files import write_text
from cx_analytics.engine.frames import conform
from cx_analytics.simulate.plant import Plant
from cx_analytics.simulate.plant.field import components_frame, make_field


def lay(root: Path, feeds: Mapping[str, pl.DataFrame]) -> House:
    """A workspace whose lake holds these rows of feeds, as if they had been taken in."""
    root.mkdir(parents=True)
    write_text(root / "cx.toml", "")
    house = House(root=str(root), locked=False)
    for name, frame in feeds.items():
        house.lake.write(name, conform(frame, FEEDS[name]))
    return house


def lay_plant(root: Path, plant: Plant) -> House:
    """A workspace whose lake holds a plant's events and genealogy."""
    built = components_frame(plant, make_field(plant))
    return lay(root, {"production_events": plant.events(), "components": built})


def make(house: House, *assets: dg.AssetsDefinition) -> None:
    """Make these assets in the order of what they read; what fails is raised."""
    quiet = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
    dg.materialize(list(assets), resources={"house": house}, run_config=quiet)


def table(house: House, made: Table) -> pl.DataFrame:
    """The rows of a table that was made."""
    return house.read(made)
