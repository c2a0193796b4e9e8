"""A world as files: landing/ as anyone would deliver it, truth/ beside it.

Belongs here: which feed goes into which file. Stays out: making the data (world.py).
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from cx_analytics.contracts.words import label
from cx_analytics.simulate.days import Day
from cx_analytics.simulate.files import TEXT_FORMATS, FileFormat, write_table
from cx_analytics.simulate.mess import deliver, malformed_rows
from cx_analytics.simulate.places import cells_frame
from cx_analytics.simulate.production import production_frame, times
from cx_analytics.simulate.rollouts import app_releases_frame
from cx_analytics.simulate.truth import Tally, causes_frame, description
from cx_analytics.simulate.units import components_frame, units_frame
from cx_analytics.simulate.world import World

PRODUCTION_DAYS_BEFORE = 21
"""Work steps are told from so many days before the first session on."""


@dataclass(frozen=True)
class Written:
    """What was written: the folder, and rows by kind (`sessions`, `duplicates`, `late`, …)."""

    root: Path
    rows: dict[str, int] = field(default_factory=dict)


def write_world(
    world: World,
    root: Path,
    *,
    file_format: FileFormat | Sequence[FileFormat] = "parquet",
    malformed: bool = False,
) -> Written:
    """Write landing/<feed>/… and truth/ under `root`, one day at a time.

    Parameters
    ----------
    file_format : one format, or several that the files take turns in
    malformed : add rows that break a rule to the sessions files in text formats

    Nothing else under `root` is touched. The truth: `causes.parquet` (a row a planted cause),
    `fault_causes.parquet` (a row a fault: its true cause), `fault_posteriors.parquet` (the
    oracle's posterior of every possible cause of each fault), `world.json`.
    """
    formats = (file_format,) if isinstance(file_format, str) else tuple(file_format)
    landing, truth = root / "landing", root / "truth"
    truth.mkdir(parents=True, exist_ok=True)
    rows = _write_static(world, landing, formats)
    tally, waiting = Tally.empty(world.plan), dict[int, list[pl.DataFrame]]()
    with TruthStreams(truth) as streams:
        for day in world.each_day():
            tally.add(day)
            streams.add(day)
            chosen = formats[day.number % len(formats)]
            rows.update(write_day(world, day, landing, chosen, waiting, malformed))
    causes_frame(world, tally).write_parquet(truth / "causes.parquet")
    text = json.dumps(description(world, rows), indent=2, sort_keys=True)
    (truth / "world.json").write_text(text + "\n", encoding="utf-8")
    return Written(root, dict(rows))


def write_day(
    world: World,
    day: Day,
    landing: Path,
    file_format: FileFormat,
    waiting: dict[int, list[pl.DataFrame]],
    malformed: bool,
) -> Counter[str]:
    """The files of one day; returns the rows by kind.

    `waiting` holds the rows that come with a later day's file, by day.
    """
    stem = (world.start + timedelta(days=day.number)).isoformat()
    arrived = deliver(day.sessions, waiting, day.number, world.days, world.seed)
    wanted = malformed and file_format in TEXT_FORMATS
    start = world.origin + timedelta(days=day.number)
    bad = malformed_rows(day.sessions.columns, day.number, start) if wanted else []
    write_table(arrived.frame, landing / "sessions", f"sessions-{stem}", file_format, bad)
    write_table(day.contacts, landing / "contacts", f"contacts-{stem}", file_format)
    return Counter(
        sessions=arrived.frame.height + len(bad),
        duplicates=arrived.duplicates,
        late=arrived.late,
        malformed=len(bad),
        contacts=day.contacts.height,
    )


def _write_static(world: World, landing: Path, formats: Sequence[FileFormat]) -> Counter[str]:
    setting, origin, end_h = world.setting, world.origin, world.days * 24.0
    since_h = -24.0 * PRODUCTION_DAYS_BEFORE
    units, products = setting.units, setting.products
    # Made one at a time: the genealogy of a large world is larger than a day of its sessions.
    makers: dict[str, Callable[[], pl.DataFrame]] = {
        "units": lambda: units_frame(units, products, origin, end_h),
        "components": lambda: components_frame(units, products, origin),
        "cells": lambda: cells_frame(setting.places, origin),
        "app_releases": lambda: app_releases_frame(setting.rollouts, origin),
        "production_events": lambda: production_frame(
            products, units.production, origin, since_h, end_h
        ),
        "actions": lambda: actions_frame(world),
    }
    rows: Counter[str] = Counter()
    for number, (feed, made) in enumerate(makers.items()):
        rows[feed] = _write_feed(made(), landing / feed, feed, formats[number % len(formats)])
    return rows


def _write_feed(frame: pl.DataFrame, folder: Path, feed: str, file_format: FileFormat) -> int:
    """One file unless there is nothing to tell; returns the rows."""
    if frame.height:
        write_table(frame, folder, feed, file_format)
    return frame.height


def actions_frame(world: World) -> pl.DataFrame:
    """The feed `actions`: a repair for each cause that was ended, and one useless app update."""
    rows = []
    for cause in world.plan.shared:
        if cause.valid_to_h is not None and cause.valid_from_h is None:
            rows.append((label(cause.texts(world.setting)), "cell_repair", cause.valid_to_h))
    useless = [d.label for d in world.plan.decoys if "app_version" in d.conditions]
    rows += [(text, "app_update", world.days * 24 * 0.75) for text in useless[:1]]
    return (
        pl.DataFrame(
            {
                "action_id": [f"act-{number:03d}" for number in range(1, len(rows) + 1)],
                "conditions": [row[0] for row in rows],
                "kind": [row[1] for row in rows],
                "effective_from": times(
                    world.origin, pl.Series([row[2] for row in rows]).to_numpy()
                ),
                "status": ["done"] * len(rows),
            },
            schema_overrides={"conditions": pl.String, "kind": pl.String, "status": pl.String},
        )
        if rows
        else pl.DataFrame()
    )


class TruthStreams:
    """The two truth files (of faults and of their posteriors) that grow by a day at a time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.writers: dict[str, pq.ParquetWriter] = {}

    def __enter__(self) -> TruthStreams:
        return self

    def __exit__(self, *_: object) -> None:
        for writer in self.writers.values():
            writer.close()

    def add(self, day: Day) -> None:
        """Append one more day."""
        for name, frame in (("fault_causes", day.truth), ("fault_posteriors", day.posteriors)):
            table = _plain(frame)
            if name not in self.writers:
                path = self.folder / f"{name}.parquet"
                self.writers[name] = pq.ParquetWriter(path, table.schema, compression="zstd")
            self.writers[name].write_table(table)


def _plain(frame: pl.DataFrame) -> pa.Table:
    """An Arrow table with plain strings, which every Parquet reader knows."""
    table = frame.to_arrow()
    kinds = [
        pa.field(
            field.name,
            pa.string()
            if pa.types.is_large_string(field.type) or pa.types.is_string_view(field.type)
            else field.type,
        )
        for field in table.schema
    ]
    return table.cast(pa.schema(kinds))
