"""A plant as files: landing/ as the floor and the field would deliver it, truth/ beside it.

Belongs here: which feed goes into which file, and reading the truth back. Stays out: making the
data (plant.py, field.py).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from cx_analytics.simulate.files import FileFormat, write_table
from cx_analytics.simulate.plant.field import (
    components_frame,
    make_field,
    sessions_frame,
    units_frame,
)
from cx_analytics.simulate.plant.makers import SEEN
from cx_analytics.simulate.plant.plant import Plant
from cx_analytics.simulate.plant.stations import STATIONS


@dataclass(frozen=True)
class PlantTruth:
    """What was planted: `waits` a row a transition, `defects` a row a defect, `faults` a row a
    fault in the field, `description` the parameters and the maker (see `described`)."""

    waits: pl.DataFrame
    defects: pl.DataFrame
    faults: pl.DataFrame
    description: dict[str, Any]

    @classmethod
    def read(cls, folder: Path) -> PlantTruth:
        """The truth in a folder that `write_plant` wrote (`DIR/truth`)."""
        waits, defects, faults = (pl.read_parquet(folder / f"{one}.parquet") for one in _FRAMES)
        text = (folder / "plant.json").read_text(encoding="utf-8")
        return cls(waits, defects, faults, json.loads(text))


_FRAMES = ("waits", "defects", "faults")


def write_plant(
    plant: Plant, root: Path, *, file_format: FileFormat = "parquet", in_the_field: bool = True
) -> dict[str, int]:
    """Write landing/<feed>/… and truth/ under `root`; returns the rows by feed.

    Without `in_the_field` no sessions land. Nothing else under `root` is touched.
    """
    field = make_field(plant)
    sessions, faults = sessions_frame(plant, field)
    feeds = {
        "production_events": plant.events(),
        "units": units_frame(plant, field),
        "components": components_frame(plant, field),
    }
    if in_the_field:
        feeds["sessions"] = sessions
    for feed, frame in feeds.items():
        write_table(frame, root / "landing" / feed, feed, file_format)
    truth = root / "truth"
    truth.mkdir(parents=True, exist_ok=True)
    for name, frame in zip(_FRAMES, (plant.waits(), plant.defects(), faults), strict=True):
        frame.write_parquet(truth / f"{name}.parquet")
    text = json.dumps(described(plant), indent=2, sort_keys=True)
    (truth / "plant.json").write_text(text + "\n", encoding="utf-8")
    return {feed: frame.height for feed, frame in feeds.items()}


def described(plant: Plant) -> dict[str, Any]:
    """Parameters, and the maker with what it did; `maker` is null in a healthy plant.

    `passes` counts work that was exposed to the maker, `defects` those made in it,
    `expected_defects` and `expected_excess` how many were to be expected in all and above what
    others would have made, `rejects` those seen by an inspection, `expected_rejects` how many
    were to be seen there at once.
    """
    return {
        "cases": plant.cases,
        "seed": plant.seed,
        "difficulty": plant.difficulty,
        "start": plant.start.isoformat(),
        "events": len(plant.floor.visits),
        "maker": _maker(plant),
    }


def _maker(plant: Plant) -> dict[str, Any] | None:
    maker = plant.maker
    if maker is None:
        return None
    made = [one for one in plant.floor.defects if one.exposed]
    usual = plant.floor.exposures * STATIONS[maker.place].defect
    return {
        "kind": maker.kind,
        "value": maker.value,
        "step": maker.step,
        "rate_ratio": maker.rate_ratio,
        "inspected_at": maker.inspected_at,
        "passes": plant.floor.exposures,
        "defects": len(made),
        "expected_defects": usual * maker.rate_ratio,
        "expected_excess": usual * (maker.rate_ratio - 1),
        "rejects": sum(one.found is not None for one in made),
        "expected_rejects": usual * maker.rate_ratio * SEEN,
    }
