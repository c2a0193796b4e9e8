"""`cx run`: the pipeline with a progress bar on a terminal, plain lines in a pipe, and a summary.

Belongs here: telling how a run goes and what came of it. Stays out: the run (pipeline.py).
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from cx_analytics.cli.digest import changes, digest
from cx_analytics.cli.phrases import counted
from cx_analytics.cli.reader import Reader
from cx_analytics.cli.screen import clean, number, when

if TYPE_CHECKING:
    from cx_analytics.pipeline import RunSummary

Listener = Callable[[str, str, int, int], None]
"""Called with (stage, what, done, of) whenever a run gets somewhere."""


def run(
    root: Path,
    first: date | None,
    last: date | None,
    cold: bool = False,
    one_fit: bool = False,
) -> None:
    """Bring a workspace up to date and print what the warehouse holds now."""
    from cx_analytics import pipeline

    with progress() as listener:
        done = pipeline.run(
            root, first=first, last=last, progress=listener, cold=cold, one_fit=one_fit
        )
    for line in (*summary(done), *standing(root)):
        print(clean(line))


def summary(done: RunSummary) -> list[str]:
    """What this run did: rows in, what became of them, days, warnings."""
    if done.up_to_date:
        return ["everything is up to date"]
    return [
        f"rows in      {number(done.rows_in)}, from {counted(done.files, 'file')}",
        f"kept         {number(done.kept)}",
        f"duplicates   {number(done.duplicates)}",
        f"quarantined  {number(done.quarantined)}",
        f"worked on    {counted(len(done.days), 'day')} in {done.seconds:.0f} s",
        *(f"warning      {warning}" for warning in done.warnings),
    ]


def standing(root: Path) -> list[str]:
    """What the warehouse holds now, and where to look next."""
    with Reader(root) as reader:
        cover = reader.row("coverage")
        open_causes = sum(row["status"] != "fixed" for row in reader.rows("causes"))
        limits = len(reader.rows("limits"))
        changed = digest(changes(reader), open_causes)
    days = f"{when(cover['first_at'])} to {when(cover['last_at'])}" if cover["sessions"] else "none"
    return [
        f"sessions     {number(cover['sessions'])} ({days})",
        f"causes       {counted(open_causes, 'open cause')}",
        f"changed      {changed}",
        *limits_line(limits, root),
        f"next         cx causes {root}   cx ui {root}   cx sql {root} 'SHOW TABLES'",
    ]


def limits_line(limits: int, root: Path) -> list[str]:
    """How much the data cannot say, and how to read it; nothing when they can say it all."""
    things = counted(limits, "thing")
    ask = f"cx sql {root} 'SELECT statement FROM data_limits'"
    return [f"limits       {things} these data cannot say: {ask}"] if limits else []


@contextmanager
def progress() -> Iterator[Listener]:
    """A listener for the length of a run: a bar on a terminal, a line a stage elsewhere."""
    if not sys.stderr.isatty():
        yield _line_a_stage()
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("{task.description:<12}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[what]}", markup=False),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        tasks: dict[str, object] = {}

        def listen(stage: str, what: str, done: int, of: int) -> None:
            task = tasks.setdefault(stage, None)
            if task is None:
                task = tasks[stage] = bars.add_task(stage, what=what, total=None)
            bars.update(task, completed=done, total=of or None, what=what)  # type: ignore[arg-type]

        yield listen


def _line_a_stage() -> Listener:
    """Say each stage once, not each day: a log of 120 days stays readable."""
    seen: set[str] = set()

    def listen(stage: str, what: str, done: int, of: int) -> None:
        if stage not in seen:
            seen.add(stage)
            print(f"{stage}: {what}" + (f" and on, {of} in all" if of > 1 else ""), file=sys.stderr)

    return listen
