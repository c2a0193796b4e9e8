"""A planted world on disk, as the pipeline's own joins would leave it, with its truth in memory.

Belongs here: sessions of each day as Parquet, all faulty sessions, the attributes in question.
Stays out: landing files (simulate.write) and what is done with the sessions.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import polars as pl

from cx_analytics.contracts.attributes import Attribute
from cx_analytics.simulate import Difficulty, Truth, make_world
from cx_analytics.workspace import Settings


@dataclass(frozen=True)
class Planted:
    """A world: a Parquet file of joined sessions for each day, and what was planted in it.

    `faults` are the faulty sessions with all columns of the table `sessions`.
    """

    seed: int
    difficulty: Difficulty
    sessions: int
    days: tuple[date, ...]
    files: tuple[Path, ...]
    faults: pl.DataFrame
    truth: Truth
    attributes: tuple[Attribute, ...]


def plant(folder: Path, *, sessions: int, days: int, seed: int, difficulty: Difficulty) -> Planted:
    """Make a world and write its joined sessions below `folder`, one day at a time."""
    world = make_world(sessions=sessions, days=days, seed=seed, difficulty=difficulty)
    folder.mkdir(parents=True, exist_ok=True)
    files, faults = [], []
    for number, frame in enumerate(world.each_joined()):
        files.append(folder / f"day-{number:03d}.parquet")
        frame.write_parquet(files[-1])
        faults.append(frame.filter("faulty"))
    return Planted(
        seed=seed,
        difficulty=difficulty,
        sessions=sessions,
        days=tuple(world.start + timedelta(days=number) for number in range(days)),
        files=tuple(files),
        faults=pl.concat(faults),
        truth=Truth.of(world),
        attributes=Settings().attributes_in(sorted(faults[0].columns)),
    )
