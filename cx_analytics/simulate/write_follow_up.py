"""The days after a planted world as files: more landing files, and their truth apart.

Belongs here: which feed goes on in which file. Stays out: drawing the days (follow_up.py).
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import polars as pl

from cx_analytics.simulate.files import FileFormat, write_table
from cx_analytics.simulate.follow_up import FollowUp
from cx_analytics.simulate.interventions import actions_of
from cx_analytics.simulate.production import production_frame
from cx_analytics.simulate.truth import Tally, causes_frame
from cx_analytics.simulate.units import Units, units_frame
from cx_analytics.simulate.write import TruthStreams, Written, write_day

FOLDER = "follow_up"
"""Where the truth about the later days lies, below truth/."""


def write_follow_up(
    follow: FollowUp, root: Path, *, file_format: FileFormat = "parquet", malformed: bool = False
) -> Written:
    """Add the later days to landing/ and write truth/follow_up/ below `root`.

    `root` is where `write_world` wrote the world, as if it had gone on: a file a day of sessions
    and contacts, units and work steps that are new or changed, and the interventions as the feed
    `actions`. The truth has the files that a world's has (of the later days alone),
    `effects.parquet` (see `FollowUp.effects`) and `interventions.json` with what each truly did.
    Files of an earlier follow-up are replaced.
    """
    landing, truth = root / "landing", root / "truth" / FOLDER
    truth.mkdir(parents=True, exist_ok=True)
    world = replace(follow.world, days=follow.numbers.stop)
    rows = _write_static(follow, landing, file_format)
    tally, waiting = Tally.empty(world.plan), dict[int, list[pl.DataFrame]]()
    with TruthStreams(truth) as streams:
        for day in follow.each_day():
            tally.add(day)
            streams.add(day)
            rows.update(write_day(world, day, landing, file_format, waiting, malformed))
    causes_frame(world, tally).write_parquet(truth / "causes.parquet")
    follow.effects().write_parquet(truth / "effects.parquet")
    told = json.dumps([asdict(one) for one in follow.interventions], indent=2, default=str)
    (truth / "interventions.json").write_text(told + "\n", encoding="utf-8")
    return Written(root, dict(rows))


def _write_static(follow: FollowUp, landing: Path, file_format: FileFormat) -> Counter[str]:
    frames = {
        "units": _changed_units(follow),
        "production_events": _later_steps(follow),
        "actions": actions_of(follow.interventions),
    }
    rows: Counter[str] = Counter()
    for feed, frame in frames.items():
        if frame.height:
            write_table(frame, landing / feed, f"{feed}-follow-up", file_format)
        rows[feed] = frame.height
    return rows


def _changed_units(follow: FollowUp) -> pl.DataFrame:
    """Units that were shipped or came into service after the world's last day."""
    world, end = follow.world, follow.numbers.stop * 24.0
    setting = world.setting
    known = units_frame(setting.units, setting.products, world.origin, world.days * 24.0)
    later = units_frame(_with_fresh(follow), setting.products, world.origin, end)
    return later.join(known, on=known.columns, how="anti", nulls_equal=True)


def _with_fresh(follow: FollowUp) -> Units:
    """The units with the hour at which those from the stock came into a customer's hands."""
    units, service = follow.world.setting.units, follow.world.setting.units.in_service_h.copy()
    for one in (each for each in follow.interventions if each.fresh_unit):
        aim = follow.aims[one.action_id]
        service[follow.fresh[one.action_id]] = np.maximum(aim.since["customer_id"][1], aim.from_h)
    return replace(units, in_service_h=service)


def _later_steps(follow: FollowUp) -> pl.DataFrame:
    world, end = follow.world, follow.numbers.stop * 24.0
    products, made = world.setting.products, world.setting.units.production
    start, here = -np.inf, world.days * 24.0
    known = production_frame(products, made, world.origin, start, here)
    later = production_frame(products, made, world.origin, start, end)
    return later.join(known, on=known.columns, how="anti", nulls_equal=True)
