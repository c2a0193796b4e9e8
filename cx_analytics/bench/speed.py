"""`bench speed`: a run in a process of its own, step by step, beside a raw floor.

Belongs here: starting the processes, and the table. Stays out: what they do (timed.py).
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from cx_analytics.bench.bars import holds
from cx_analytics.bench.stopwatch import Used
from cx_analytics.bench.tables import markdown
from cx_analytics.bench.timed import Step
from cx_analytics.contracts.errors import CheckFailed
from cx_analytics.engine.files import read_json

MOST_WALL_S = 180.0
MOST_MEMORY_GB = 3.0
"""A run over 28 days of a million sessions on two cores, with a fit for each day."""

BAR_SESSIONS, BAR_DAYS = 1_000_000, 28

REST = "start, planning and Dagster's own"

ORDER = (
    "ingest of sessions",
    "ingest of other feeds",
    "quality",
    "experience",
    "attribute: counting",
    "attribute: reading counts",
    "attribute: exposure of asked-for cells",
    "attribute: fits",
    "attribute: shares, written",
    "attribute: causes and pictures",
    "care",
    "factory",
    "supply",
    "loop",
    "exchange",
    "publish",
)

Prepare = Callable[[Path, int, int, int], None]
"""Makes a workspace with landing files: folder, sessions, days, seed."""


def speed(
    folder: Path,
    *,
    sessions: int,
    days: int,
    seed: int,
    prepare: Prepare,
    one_fit: bool = False,
    say: Callable[[str], None] = print,
) -> str:
    """Time a run over a fresh world and the raw floor; returns the table as Markdown."""
    root = folder / "world"
    say(f"simulating {sessions:,} sessions of {days} days")
    prepare(root, sessions, days, seed)
    say("running the pipeline")
    steps, total = timed("run with one fit" if one_fit else "run", root, folder / "run.json")
    say("asking DuckDB alone")
    floor, _ = timed("floor", root, folder / "floor.json")
    return table(summed(steps), total, summed(floor), sessions, days, one_fit)


def timed(job: str, root: Path, out: Path) -> tuple[list[Step], Used]:
    """A job in a process of its own: its steps and its total. CheckFailed when it fails."""
    command = [sys.executable, "-m", "cx_analytics.bench.timed", job, str(root), str(out)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no word"])[-1]
        raise CheckFailed(f"the {job} ended with {last}", where=str(root), todo="see that message")
    told: dict[str, Any] = read_json(out, {})
    steps = [Step(one["name"], Used(**one["used"])) for one in told["steps"]]
    return steps, Used(**told["total"])


def summed(steps: Sequence[Step]) -> dict[str, Used]:
    """Steps of one name added up."""
    found: dict[str, Used] = {}
    for step in steps:
        found[step.name] = found[step.name] + step.used if step.name in found else step.used
    return found


def table(
    steps: dict[str, Used],
    total: Used,
    floor: dict[str, Used],
    sessions: int,
    days: int,
    one_fit: bool = False,
) -> str:
    """The steps in the order of the flow, the rest, the total, and whether the bars hold."""
    known = [name for name in ORDER if name in steps]
    known += [name for name in steps if name not in ORDER]
    rows = [_row(name, steps[name], floor.get(name)) for name in known]
    wall = total.wall_s - sum(used.wall_s for used in steps.values())
    cpu = total.cpu_s - sum(used.cpu_s for used in steps.values())
    rows.append((REST, f"{wall:.1f}", f"{cpu:.1f}", "", "", ""))
    rows.append(_row("**total**", total, None))
    header = ("step", "wall s", "CPU s", "peak GB", "raw wall s", "raw CPU s")
    fits = "one fit" if one_fit else "a fit for each day"
    words = f"{sessions:,} sessions of {days} days, {fits}: "
    return f"{markdown(header, rows)}\n\n{words}{verdict(total, sessions, days, one_fit)}"


def verdict(total: Used, sessions: int, days: int, one_fit: bool = False) -> str:
    """Sessions a second, and the bars where the world is the one that they are for."""
    pace = f"{sessions / total.wall_s:,.0f} sessions a second"
    if (sessions, days) != (BAR_SESSIONS, BAR_DAYS) or one_fit:
        bars = f"{BAR_SESSIONS:,} sessions of {BAR_DAYS} days, each with a fit"
        return f"{pace} (the bars are for {bars})."
    wall = "yes" if holds(total.wall_s, (0.0, MOST_WALL_S)) else "NO"
    memory = "yes" if holds(total.peak_gb, (0.0, MOST_MEMORY_GB)) else "NO"
    return (
        f"{pace}; wall below {MOST_WALL_S:.0f} s on two cores: {wall}; "
        f"memory below {MOST_MEMORY_GB:.0f} GB: {memory}."
    )


def _row(name: str, used: Used, raw: Used | None) -> tuple[str, ...]:
    beside = (f"{raw.wall_s:.1f}", f"{raw.cpu_s:.1f}") if raw else ("", "")
    return (name, f"{used.wall_s:.1f}", f"{used.cpu_s:.1f}", f"{used.peak_gb:.2f}", *beside)
