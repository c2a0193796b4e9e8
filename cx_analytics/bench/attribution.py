"""`bench attribution`: plant worlds, diagnose them, and score what was found.

Belongs here: the loop over worlds, and reading a finished workspace. Stays out: how the pipeline
runs (it is handed in), what the figures mean (scoring.py), and the printed table (tables.py).
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import polars as pl

from cx_analytics.bench.baselines import Baseline, draw
from cx_analytics.bench.fitting import Findings, fit
from cx_analytics.bench.planted import Planted, plant
from cx_analytics.bench.scoring import claims, score
from cx_analytics.contracts.errors import NotFound
from cx_analytics.simulate import Difficulty, Truth, make_world, write_world

OURS = "find_causes"
"""Name of the project's own method among the baselines."""

Run = Callable[[Path], None]
"""Runs the pipeline on a folder that holds landing/ and leaves a workspace there."""

Read = Callable[[Path], Findings]


@dataclass(frozen=True)
class Trial:
    """Which worlds: sizes, seeds and difficulties."""

    sessions: int
    days: int
    seeds: tuple[int, ...]
    difficulties: tuple[Difficulty, ...]


@dataclass(frozen=True)
class Result:
    """What a method scored on one world.

    `figures` are those of the score and processor seconds; `claims` what it said of each shared
    cause (`probability`, `right`); `sample` which sessions it saw.
    """

    method: str
    seed: int
    difficulty: Difficulty
    figures: dict[str, float]
    claims: pl.DataFrame
    sample: str = "all sessions"


def attribution(
    trial: Trial,
    *,
    folder: Path,
    run: Run | None = None,
    read: Read | None = None,
    baselines: Sequence[Baseline] = (),
    say: Callable[[str], None] = print,
) -> list[Result]:
    """Score the search, and baselines, on each world; a line is said for every world.

    Parameters
    ----------
    folder : where worlds are put while they are worked on; nothing is left there
    run : the pipeline, given a folder with landing/ (the truth lies elsewhere); None = one cold
        fit in this process
    read : what a finished workspace says (`read_findings`)
    baselines : those that are to be scored beside it; what is not installed is left out
    """
    results = []
    for difficulty in trial.difficulties:
        for seed in trial.seeds:
            for result in _world(
                trial, seed, difficulty, folder, run, read or read_findings, baselines
            ):
                results.append(result)
                say(line(result))
    return results


def read_findings(root: Path) -> Findings:
    """The findings in a workspace's warehouse; NotFound when it has none."""
    import duckdb

    database = root / "warehouse" / "cx.duckdb"
    if not database.is_file():
        raise NotFound("the run left no warehouse", where=str(root), todo="see what it printed")
    with duckdb.connect(str(database), read_only=True) as connection:
        tables = {name for (name,) in connection.execute("SHOW TABLES").fetchall()}
        rivals = "SELECT cause_id, rival FROM cause_rivals"
        return Findings(
            connection.sql("SELECT * FROM causes").pl(),
            connection.sql("SELECT session_id, cause_id, share FROM fault_causes").pl(),
            connection.sql("SELECT * FROM sessions WHERE faulty").pl(),
            connection.sql(rivals).pl() if "cause_rivals" in tables else None,
        )


def line(result: Result) -> str:
    """One world in one line."""
    told = result.figures
    spent = told.get("fit_cpu_s", told.get("run_cpu_s", float("nan")))
    return (
        f"{result.difficulty:<6} seed {result.seed:<5} {result.method:<16} F1 {told['f1']:.3f}, "
        f"precision {told['precision']:.3f}, false {told['false_causes']:.0f}, accuracy "
        f"{told['accuracy_gap']:.3f} below the oracle's, ECE {told['calibration_error']:.3f}, "
        f"{spent:.1f} CPU s"
    )


def _world(
    trial: Trial,
    seed: int,
    difficulty: Difficulty,
    folder: Path,
    run: Run | None,
    read: Read,
    baselines: Sequence[Baseline],
) -> Iterator[Result]:
    """All results on one world; its files are gone afterwards."""
    here = folder / f"{difficulty}-{seed}"
    size = {"sessions": trial.sessions, "days": trial.days}
    try:
        if run is not None:
            yield _by_run(here, run, read, seed=seed, difficulty=difficulty, **size)
        if run is None or baselines:
            planted = plant(here / "joined", seed=seed, difficulty=difficulty, **size)
        if run is None:
            yield _by_fit(planted, here / "spill")
        for baseline in baselines:
            if baseline.installed:
                yield _by_baseline(planted, baseline)
    finally:
        shutil.rmtree(here, ignore_errors=True)


def _by_fit(planted: Planted, spill: Path) -> Result:
    found, cost = fit(planted, spill=spill)
    return _scored(OURS, planted.seed, planted.difficulty, planted.truth, found, asdict(cost))


def _by_run(
    here: Path, run: Run, read: Read, *, seed: int, difficulty: Difficulty, sessions: int, days: int
) -> Result:
    world = make_world(sessions=sessions, days=days, seed=seed, difficulty=difficulty)
    root, apart = here / f"world-{seed}", here / "truth"
    write_world(world, root)
    (root / "truth").rename(apart)
    begun = time.process_time()
    run(root)
    cost = {"run_cpu_s": time.process_time() - begun}
    return _scored(OURS, seed, difficulty, Truth.read(apart), read(root), cost)


def _by_baseline(planted: Planted, baseline: Baseline) -> Result:
    sample = draw(planted, baseline.most)
    begun = time.process_time()
    said = baseline.find(sample)
    cost = {"fit_cpu_s": time.process_time() - begun}
    found = Findings(said.causes, said.fault_causes, planted.faults)
    name, truth = baseline.name, planted.truth
    return _scored(name, planted.seed, planted.difficulty, truth, found, cost, sample.words)


def _scored(
    method: str,
    seed: int,
    difficulty: Difficulty,
    truth: Truth,
    found: Findings,
    cost: dict[str, float],
    sample: str = "all sessions",
) -> Result:
    figures = asdict(score(truth, found.causes, found.fault_causes, found.faults, found.rivals))
    told = claims(truth, found.causes, found.faults)
    return Result(method, seed, difficulty, figures | cost, told, sample)
