"""Millions of production events, and how long the tables that are made of them take.

Belongs here: a large log written part by part, and the words about its time. Stays out: doing the
work (timed.py, in a process of its own).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import polars as pl

from cx_analytics.bench.bars import holds
from cx_analytics.bench.speed import summed, timed
from cx_analytics.bench.steps.production import lay
from cx_analytics.bench.stopwatch import Used
from cx_analytics.bench.tables import markdown
from cx_analytics.contracts.feeds import PRODUCTION_EVENTS
from cx_analytics.engine.frames import conform
from cx_analytics.simulate.plant import make_plant

PLANTS, CASES = 3, 8000
"""So many plants are simulated, with so many cases each; parts take turns in them."""

LINES = 16
"""Lines with resources of their own that work at the same time."""

MOST_WALL_S = 60.0
MOST_MEMORY_GB = 4.0
BAR_EVENTS = 10_000_000


def parts(events: int, seed: int) -> Iterator[pl.DataFrame]:
    """Rows of the feed `production_events`, `events` in all, some 65,000 at a time.

    A part is the log of one of PLANTS plants, on a line of its own: LINES of them at the same
    time, then the next ones, whole weeks later. No case, lot or resource stands in two lines.
    """
    plants = [make_plant(cases=CASES, seed=seed + n).events() for n in range(PLANTS)]
    last = max(frame["ended_at"].max() for frame in plants)  # type: ignore[type-var]
    weeks = (last - plants[0]["started_at"].min()).days // 7 + 1  # type: ignore[operator,union-attr]
    number, left = 0, events
    while left > 0:
        turn, line = divmod(number, LINES)
        yield _moved(plants[number % PLANTS], number, line, turn * weeks).head(left)
        left -= plants[number % PLANTS].height
        number += 1


def _moved(events: pl.DataFrame, number: int, line: int, weeks: int) -> pl.DataFrame:
    ours = pl.lit(f"{number:05d}-")
    there = pl.lit(f"line-{line + 1:02d}")
    later = pl.duration(weeks=weeks)
    return events.with_columns(
        (ours + pl.col(name)).alias(name) for name in ("case_id", "unit_id", "lot")
    ).with_columns(
        pl.col("started_at") + later,
        pl.col("ended_at") + later,
        (there + "/" + pl.col("resource")).alias("resource"),
        there.alias("line"),
    )


def many_events(
    events: int, seed: int, folder: Path, say: Callable[[str], None] = print
) -> tuple[dict[str, Used], Used]:
    """Time the tables on a log of that many events, in a process of their own.

    The log is written into the lake of a workspace at `folder`, which is made.
    """
    say(f"simulating {events:,} events")
    lake = lay(folder, {}).lake.root / PRODUCTION_EVENTS.name
    for number, frame in enumerate(parts(events, seed)):
        path = lake / f"part-{number:05d}" / "part.parquet"
        path.parent.mkdir(parents=True)
        conform(frame, PRODUCTION_EVENTS).write_parquet(path, compression="zstd")
    say("making the tables")
    steps, total = timed("steps", folder, folder / "steps.json")
    return summed(steps), total


def many_table(steps: dict[str, Used], total: Used, events: int) -> str:
    """The tables' time and memory, and whether the bars hold."""
    rows = [
        (name, f"{used.wall_s:.1f}", f"{used.cpu_s:.1f}", f"{used.peak_gb:.2f}")
        for name, used in [*steps.items(), ("**whole process, with its start**", total)]
    ]
    table = markdown(("table", "wall s", "CPU s", "peak GB"), rows)
    models = replace(total, wall_s=sum(used.wall_s for used in steps.values()))
    words = f"{events:,} events, {events / models.wall_s:,.0f} a second"
    return f"{table}\n\n{words}; {verdict(models, events)}"


def verdict(models: Used, events: int) -> str:
    """Whether the bars hold: the tables' wall seconds, and the peak of the whole process."""
    if events != BAR_EVENTS:
        return f"the bars are for {BAR_EVENTS:,} events."
    wall = "yes" if holds(models.wall_s, (0.0, MOST_WALL_S)) else "NO"
    memory = "yes" if holds(models.peak_gb, (0.0, MOST_MEMORY_GB)) else "NO"
    return (
        f"wall below {MOST_WALL_S:.0f} s on two cores: {wall}; "
        f"memory below {MOST_MEMORY_GB:.0f} GB: {memory}."
    )
