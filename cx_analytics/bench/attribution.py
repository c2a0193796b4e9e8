"""`bench attribution`: plant worlds, let a pipeline run on them, and score what it found.

Belongs here: the loop over worlds, reading a finished workspace, and the printed table. Stays out:
how the pipeline runs (it is handed in) and what the figures mean (scoring.py).
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import polars as pl

from cx_analytics.bench.scoring import Score, score
from cx_analytics.contracts.errors import NotFound
from cx_analytics.simulate import Difficulty, Truth, make_world, write_world


@dataclass(frozen=True)
class Findings:
    """What a finished workspace says: its causes, fault_causes, and faulty sessions."""

    causes: pl.DataFrame
    fault_causes: pl.DataFrame
    faults: pl.DataFrame


@dataclass(frozen=True)
class Result:
    """One world's score; `cpu_s` is the processor time of this process during the run."""

    seed: int
    score: Score
    cpu_s: float


def read_findings(root: Path) -> Findings:
    """The findings in a workspace's warehouse; NotFound when it has none."""
    import duckdb

    database = root / "warehouse" / "cx.duckdb"
    if not database.is_file():
        raise NotFound("the run left no warehouse", where=str(root), todo="see what it printed")
    with duckdb.connect(str(database), read_only=True) as connection:
        return Findings(
            connection.sql("SELECT * FROM causes").pl(),
            connection.sql("SELECT session_id, cause_id, share FROM fault_causes").pl(),
            connection.sql("SELECT * FROM sessions WHERE faulty").pl(),
        )


def attribution(
    seeds: Sequence[int],
    sessions: int,
    difficulty: Difficulty,
    run: Callable[[Path], None],
    *,
    folder: Path,
    days: int = 28,
    read: Callable[[Path], Findings] = read_findings,
    say: Callable[[str], None] = print,
) -> list[Result]:
    """Score the pipeline on one world a seed, and print the table.

    `run` is given a folder that holds landing/ (the truth lies elsewhere) and must leave a
    workspace that `read` understands. Each world's folder is removed when it is scored.
    """
    results = []
    for seed in seeds:
        results.append(_one(seed, sessions, days, difficulty, run, folder, read))
        say(_line(f"seed {seed}", results[-1].score, results[-1].cpu_s))
    say(table(results))
    return results


def table(results: Sequence[Result]) -> str:
    """The mean of every figure, one a line."""
    mean = Score.mean([result.score for result in results])
    rows = [(f.name.replace("_", " "), getattr(mean, f.name)) for f in fields(Score)]
    rows.append(("cpu s", sum(result.cpu_s for result in results) / max(1, len(results))))
    return "\n".join(f"{name:<22} {value:8.3f}" for name, value in rows)


def _one(
    seed: int,
    sessions: int,
    days: int,
    difficulty: Difficulty,
    run: Callable[[Path], None],
    folder: Path,
    read: Callable[[Path], Findings],
) -> Result:
    world = make_world(sessions=sessions, days=days, seed=seed, difficulty=difficulty)
    root, apart = folder / f"world-{seed}", folder / f"truth-{seed}"
    write_world(world, root)
    (root / "truth").rename(apart)
    try:
        begun = time.process_time()
        run(root)
        spent = time.process_time() - begun
        found = read(root)
        truth = Truth.read(apart)
    finally:
        _remove([root, apart])
    return Result(seed, score(truth, found.causes, found.fault_causes, found.faults), spent)


def _remove(folders: Iterable[Path]) -> None:
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)


def _line(name: str, one: Score, spent: float) -> str:
    return (
        f"{name}: F1 {one.f1:.3f}, precision {one.precision:.3f}, false {one.false_causes:.0f}, "
        f"accuracy {one.accuracy_gap:.3f} below the oracle's, {spent:.1f} CPU s"
    )
