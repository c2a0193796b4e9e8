"""`bench factory`: what a run tells the factory, held against the planted truth and what came.

Belongs here: one world's figures, read from the tables that people query. Stays out: planting
(simulate), running (it is handed in), and the printed tables (factory_tables.py).

- The truth is that of the days in the run's window, as its numbers are.
- A planted cause is the factory's when it is detectable and the factory can find its units again
  (a lot, a component's lot or supplier, a line, a site, a revision, a model alone). It is found
  when a cause hits it (matching.py).
- A hold is clean when its cause overlaps every planted one by less than 0.3: nothing is wrong.
- Forecasts twice: the run's own back-tests of 14 days, on the shares that later runs gave; and the
  forecast of 90 days of each hit defect that is open, against the faults that its planted cause
  truly brought to the units then in the field, in the 90 days after with nothing done.
- Capture twice: the run's own, within the units under defects; and of all serials in the field, the
  tenth that `unit_risk` puts first (those that it does not name stand last, in no order) against
  the units on which a lot that was found brought a fault in the 90 days after.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import polars as pl

from cx_analytics.bench.attribution import Run
from cx_analytics.bench.excess import STRONG_LOT
from cx_analytics.bench.matching import MISS, Matching, match
from cx_analytics.factory.genealogy import is_defect
from cx_analytics.simulate import Difficulty, Truth, World, follow_up, make_world, write_world
from cx_analytics.workspace import Settings

DAYS_AFTER = 90
TOP_SHARE = 0.1
LEVELS = ("80", "90", "95")

_FIELD = """
SELECT DISTINCT unit_id
FROM (
    SELECT unit_id FROM units WHERE in_service_at <= (SELECT max(started_at) FROM sessions)
    UNION ALL
    SELECT unit_id FROM sessions
)
WHERE unit_id IS NOT NULL
"""

_LOT = r"^(\w+_)?lot=[^&]*$"


@dataclass(frozen=True)
class Inside:
    """Whether what came lay within the bands of 80, 90 and 95 %."""

    level_80: bool
    level_90: bool
    level_95: bool


@dataclass(frozen=True)
class Capture:
    """A ranking: how many were ranked, how many failed, and how many of these stood in its top."""

    ranked: int
    failed: int
    at_top: float


@dataclass
class FactoryScore:
    """Figures of one world.

    Attributes
    ----------
    holds, clean_holds : lots proposed for hold, and those of them with nothing wrong.
    proposals : what else was proposed: processes to change, rollouts to stop.
    defects, false_defects : defects told, and those whose cause is none.
    planted, found : the factory's planted causes by kind, and those of them that were found.
    lot_error, lot_error_counted : relative errors of a hit lot's excess, against what was to be
        expected of it, and against the faults that truly were.
    report_days : days from the onset of a strong hit lot to the first report.
    backtests, ahead : the forecasts of 14 days as the run tests them, and those of 90 days.
    capture, serials : the run's own captures, and that of all serials.
    """

    difficulty: Difficulty
    seed: int
    holds: int = 0
    clean_holds: int = 0
    proposals: int = 0
    defects: int = 0
    false_defects: int = 0
    planted: dict[str, int] = field(default_factory=dict)
    found: dict[str, int] = field(default_factory=dict)
    lot_error: list[float] = field(default_factory=list)
    lot_error_counted: list[float] = field(default_factory=list)
    report_days: list[float] = field(default_factory=list)
    backtests: list[Inside] = field(default_factory=list)
    ahead: list[Inside] = field(default_factory=list)
    capture: list[Capture] = field(default_factory=list)
    serials: list[Capture] = field(default_factory=list)


def factory(
    worlds: Sequence[tuple[Difficulty, int]],
    *,
    sessions: int,
    days: int,
    folder: Path,
    run: Run,
    say: Callable[[str], None] = print,
) -> list[FactoryScore]:
    """The figures of each world; `say` is told of each that is done."""
    scores = []
    for difficulty, seed in worlds:
        here = folder / f"{difficulty}-{seed}"
        scores.append(judge_world(here / "world", seed, difficulty, sessions, days, run))
        say(line(scores[-1]))
        shutil.rmtree(here)
    return scores


def line(score: FactoryScore) -> str:
    """One world in one line."""
    within = sum(one.level_80 for one in score.backtests)
    return (
        f"{score.difficulty:<6} seed {score.seed}: {score.holds} holds, {score.clean_holds} clean, "
        f"{sum(score.found.values())} of {sum(score.planted.values())} causes found, "
        f"{within} of {len(score.backtests)} back-tests within 80 %"
    )


def judge_world(
    root: Path, seed: int, difficulty: Difficulty, sessions: int, days: int, run: Run
) -> FactoryScore:
    """Plant a world, run the pipeline on it, and score what it tells the factory."""
    world = make_world(sessions=sessions, days=days, seed=seed, difficulty=difficulty)
    write_world(world, root)
    (root / "truth").rename(root.with_name(f"{root.name}-truth"))
    run(root)
    return score_factory(root, world)


def score_factory(root: Path, world: World) -> FactoryScore:
    """Score a finished workspace around the landing files of a world."""
    window = range(max(world.days - Settings().window_days, 0), world.days)
    truth = Truth.of_days(world, (world.day(number) for number in window))
    told = _Told.read(root)
    faults = told.faults.join(truth.fault_causes.select("session_id"), on="session_id", how="semi")
    matching = match(told.causes, truth.causes, faults)
    score = FactoryScore(world.difficulty, world.seed)
    _judge_claims(score, told, matching)
    _judge_causes(score, told, truth, matching, world)
    score.backtests = [Inside(*row) for row in told.backtests.iter_rows()]
    score.capture = [Capture(*row) for row in told.captures.iter_rows()]
    _judge_future(score, told, truth, matching, world)
    return score


@dataclass(frozen=True)
class _Told:
    """What the warehouse says: the public tables, as they are."""

    causes: pl.DataFrame
    faults: pl.DataFrame
    defects: pl.DataFrame
    holds: pl.DataFrame
    proposals: int
    backtests: pl.DataFrame
    captures: pl.DataFrame
    risk: pl.DataFrame
    field: pl.DataFrame

    @classmethod
    def read(cls, root: Path) -> _Told:
        with duckdb.connect(str(root / "warehouse" / "cx.duckdb"), read_only=True) as connection:

            def ask(sql: str) -> pl.DataFrame:
                answer: pl.DataFrame = connection.sql(sql).pl()
                return answer

            return cls(
                causes=ask("SELECT * FROM causes"),
                faults=ask("SELECT * FROM sessions WHERE faulty"),
                defects=ask("SELECT * FROM defects"),
                holds=ask("SELECT * FROM unit_holds WHERE state = 'proposed'"),
                proposals=ask("SELECT * FROM action_proposals WHERE proposal != 'hold'").height,
                backtests=ask("SELECT inside_80, inside, inside_95 FROM forecast_backtest"),
                captures=ask("SELECT units, failures, captured FROM unit_risk_capture"),
                risk=ask("SELECT unit_id, min(rank) AS place FROM unit_risk GROUP BY ALL"),
                field=ask(_FIELD),
            )


def _judge_claims(score: FactoryScore, told: _Told, matching: Matching) -> None:
    """Whether what is said to be bad is."""
    causes = told.causes.get_column("cause_id").to_list()
    best = dict(zip(causes, matching.best.tolist(), strict=True))
    overlaps = {
        row["defect_id"]: best.get(row["cause_id"], 0.0)
        for row in told.defects.iter_rows(named=True)
    }
    held = [overlaps.get(defect, 0.0) for defect in told.holds.get_column("defect_id")]
    score.holds, score.clean_holds = len(held), sum(one < MISS for one in held)
    score.proposals = told.proposals
    score.defects = len(overlaps)
    score.false_defects = sum(one < MISS for one in overlaps.values())


def _judge_causes(
    score: FactoryScore, told: _Told, truth: Truth, matching: Matching, world: World
) -> None:
    """Which of the factory's planted causes were found, and how well their size and date."""
    hits = {int(row): place for place, row in enumerate(matching.partner) if row >= 0}
    for place, planted in enumerate(truth.causes.iter_rows(named=True)):
        if not (planted["detectable"] and is_defect(planted["kind"], dict(planted["conditions"]))):
            continue
        kind = kind_of(list(dict(planted["conditions"])))
        score.planted[kind] = score.planted.get(kind, 0) + 1
        if place in hits:
            score.found[kind] = score.found.get(kind, 0) + 1
            _judge_lot(score, told.causes.row(hits[place], named=True), planted, world)


def _judge_lot(
    score: FactoryScore, found: dict[str, Any], planted: dict[str, Any], world: World
) -> None:
    if not pl.Series([planted["label"]]).str.contains(_LOT).item():
        return
    for errors, true in (
        (score.lot_error, planted["excess_faults"]),
        (score.lot_error_counted, planted["faults"]),
    ):
        errors.append(abs(found["excess_faults"] - true) / true)
    if planted["rate_ratio"] > STRONG_LOT:
        onset = planted["valid_from"] or world.origin
        score.report_days.append((found["first_reported_on"] - onset.date()).days)


def kind_of(keys: Sequence[str]) -> str:
    """What a planted cause of the factory is about, in a word.

    >>> kind_of(["lot"]), kind_of(["modem_lot"]), kind_of(["battery_supplier", "site"])
    ('lot', 'component lot', 'supplier')
    """
    if list(keys) == ["lot"]:
        return "lot"
    last = [key.rpartition("_")[2] for key in keys]
    if "lot" in last:
        return "component lot" if len(keys) == 1 else "lot with more"
    if "supplier" in last:
        return "supplier"
    return "line or site" if {"line", "site"} & set(keys) else "model or revision"


def _judge_future(
    score: FactoryScore, told: _Told, truth: Truth, matching: Matching, world: World
) -> None:
    """Forecasts and ranking against the 90 days after, with nothing done."""
    labels = truth.causes.get_column("cause_id").to_list()
    causes = told.causes.get_column("cause_id").to_list()
    planted = {
        cause: labels[row]
        for cause, row in zip(causes, matching.partner.tolist(), strict=True)
        if row >= 0
    }
    open_now = {row["cause_id"] for row in told.causes.iter_rows(named=True) if not row["valid_to"]}
    judged = [
        row
        for row in told.defects.iter_rows(named=True)
        if row["cause_id"] in planted and row["cause_id"] in open_now
    ]
    if not judged:
        return
    came = _faults_after(world).join(told.field, on="unit_id", how="semi")
    for row in judged:
        actual = came.filter(pl.col("cause_id") == planted[row["cause_id"]]).height
        score.ahead.append(_inside(row, actual))
    lots = [planted[row["cause_id"]] for row in judged if row["lot"] or row["component_lot"]]
    if lots:
        score.serials.append(_serials(told, came.filter(pl.col("cause_id").is_in(lots))))


def _inside(row: dict[str, Any], actual: int) -> Inside:
    ends = ("_80", "", "_95")
    return Inside(
        *(row[f"forecast_low{end}"] <= actual <= row[f"forecast_high{end}"] for end in ends)
    )


def _faults_after(world: World) -> pl.DataFrame:
    """`unit_id` and true `cause_id` of each fault in the 90 days after the world's last."""
    return pl.concat(
        day.truth.join(day.sessions.select("session_id", "unit_id"), on="session_id").select(
            "unit_id", "cause_id"
        )
        for day in follow_up(world, days=DAYS_AFTER).each_day()
    )


def _serials(told: _Told, came: pl.DataFrame) -> Capture:
    """The top tenth of all serials; those that no ranking names share what is left of it."""
    failed = came.select("unit_id").unique()
    ranked = told.field.join(told.risk, on="unit_id", how="left").join(
        failed.with_columns(failed=pl.lit(True)), on="unit_id", how="left"
    )
    places = ranked.get_column("place").to_numpy()
    struck = ranked.get_column("failed").fill_null(False).to_numpy()
    return Capture(len(places), int(struck.sum()), at_top(places, struck, TOP_SHARE))


def at_top(places: np.ndarray, struck: np.ndarray, share: float) -> float:
    """How many of the struck stand in the top share; without a place (nan) all are alike.

    >>> at_top(np.array([1.0, 2.0, np.nan, np.nan]), np.array([True, False, True, False]), 0.75)
    1.5
    """
    room = int(np.ceil(share * len(places)))
    known = ~np.isnan(places)
    order = np.argsort(places[known], kind="stable")[:room]
    held = float(struck[known][order].sum())
    others = int((~known).sum())
    left = max(room - int(known.sum()), 0)
    return held + (float(struck[~known].sum()) * left / others if others else 0.0)


def each_inside(rows: Sequence[Inside]) -> Iterator[tuple[str, int]]:
    """How many lay within each band."""
    for level in LEVELS:
        yield level, sum(bool(getattr(one, f"level_{level}")) for one in rows)
