"""`bench forecasts`: bands of past days held against what planted causes truly brought afterwards.

Belongs here: cold fits as of past days of a planted world, and `factory.forecast_backtest` on them.
Stays out: whole runs (factory.py), planting, and how a forecast is made.

As in a run, each past day knows its own window only. Other than in a run, what came afterwards is
not attributed but known: the faults of the planted cause that the found one hits. A cause that hits
none is left out; that it is none is told by its probability.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from cx_analytics import factory
from cx_analytics.bench.factory import Capture, FactoryScore, Inside
from cx_analytics.bench.fitting import fit
from cx_analytics.bench.matching import match
from cx_analytics.bench.planted import Planted, plant
from cx_analytics.engine.duck import Duck
from cx_analytics.engine.models import load
from cx_analytics.simulate import Difficulty, World, make_world
from cx_analytics.simulate.units import components_frame, units_frame
from cx_analytics.workspace import Settings


def forecasts(
    worlds: Sequence[tuple[Difficulty, int]],
    *,
    sessions: int,
    days: int,
    folder: Path,
    say: Callable[[str], None] = print,
) -> list[FactoryScore]:
    """Back-tests and captures of each world; `say` is told of each that is done."""
    scores = []
    for difficulty, seed in worlds:
        here = folder / f"{difficulty}-{seed}"
        scores.append(judge_days(here, seed, difficulty, sessions=sessions, days=days))
        shutil.rmtree(here)
        said = scores[-1].backtests
        within = f"{sum(one.level_80 for one in said)} within 80 %"
        say(f"{difficulty:<6} seed {seed}: {len(said)} forecasts, {within}")
    return scores


def judge_days(
    folder: Path, seed: int, difficulty: Difficulty, *, sessions: int, days: int
) -> FactoryScore:
    """Plant a world, and forecast on each past day that a run would test."""
    planted = plant(
        folder / "joined", sessions=sessions, days=days, seed=seed, difficulty=difficulty
    )
    world = make_world(sessions=sessions, days=days, seed=seed, difficulty=difficulty)
    score = FactoryScore(difficulty, seed)
    for day in factory.tested_days(list(planted.days)):
        _judge_day(score, planted, world, day, folder / "spill")
    return score


def _judge_day(score: FactoryScore, planted: Planted, world: World, day: date, spill: Path) -> None:
    past = window(planted, day, Settings().window_days)
    found, _ = fit(past, spill=spill)
    known = past.faults.join(
        planted.truth.fault_causes.select("session_id"), on="session_id", how="semi"
    )
    matching = match(found.causes, planted.truth.causes, known)
    causes = found.causes.filter(pl.Series(matching.partner >= 0))
    truth = planted.truth.causes.get_column("cause_id").to_list()
    pairs = zip(found.causes.get_column("cause_id"), matching.partner.tolist(), strict=True)
    stands_for = {truth[row]: cause for cause, row in pairs if row >= 0}
    shares = pl.concat([found.fault_causes, _true_shares(planted, stands_for, day)])
    begin = datetime.combine(past.days[0], time())
    end = datetime.combine(day + timedelta(days=1), time())
    with Duck(spill=spill, threads=1) as engine:
        _match(engine, planted, world, causes, shares)
        span: dict[str, Any] = {"window_from": begin, "window_to": end}
        after = {"window_from": end, "window_to": end + timedelta(days=factory.HORIZON_DAYS)}
        units, later = (engine.model("factory/defect_units", **one) for one in (span, after))
        daily = engine.model("factory/defect_use", **span)
    ends = {"begin": begin, "end": end}
    told = factory.forecast_backtest(causes, units, later, daily=daily, **ends)
    levels = told.select("inside_80", "inside", "inside_95")
    score.backtests += [Inside(*row) for row in levels.iter_rows()]
    ranked = factory.unit_risk_capture(units, later, **ends)
    counts = ranked.select("units", "failures", "captured")
    score.capture += [Capture(*row) for row in counts.iter_rows()]


def window(planted: Planted, day: date, days: int) -> Planted:
    """The world as the run of a past day knew it."""
    last = planted.days.index(day)
    first = max(last - days + 1, 0)
    inside = pl.col("started_at").dt.date().is_between(planted.days[first], day)
    return replace(
        planted,
        days=planted.days[first : last + 1],
        files=planted.files[first : last + 1],
        faults=planted.faults.filter(inside),
    )


def _true_shares(planted: Planted, stands_for: dict[str, str], day: date) -> pl.DataFrame:
    """Each later fault of a planted cause that was found, as wholly that cause's."""
    later = planted.faults.filter(pl.col("started_at").dt.date() > day).select("session_id")
    mine = planted.truth.fault_causes.filter(pl.col("cause_id").is_in(list(stands_for)))
    return (
        mine.join(later, on="session_id", how="semi")
        .with_columns(pl.col("cause_id").replace_strict(stands_for), share=pl.lit(1.0))
        .select("session_id", "cause_id", "share")
    )


def _match(
    engine: Duck, planted: Planted, world: World, causes: pl.DataFrame, shares: pl.DataFrame
) -> None:
    """What the models of the factory read."""
    setting = world.setting
    engine.view("session", planted.files)
    made = units_frame(setting.units, setting.products, world.origin, world.days * 24.0)
    engine.register("unit", made)
    engine.register("component", components_frame(setting.units, setting.products, world.origin))
    engine.register("fault_cause", shares)
    engine.register("defect_condition", factory.defect_conditions(causes))
    engine.table("unit_month", load("experience/unit_months").sql)
    engine.table("faulty_session", "SELECT * FROM session WHERE faulty")
    for name in ("unit_attribute", "matched_unit", "unit_fault"):
        engine.table(name, load(f"factory/{name}s").sql)
