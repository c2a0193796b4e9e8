"""Commands that make and fill a workspace: init, simulate, run, ui, and the demo.

Belongs here: arguments and help. Stays out: the work (start.py, running.py, ui.py, demo.py).
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from cx_analytics.cli.options import Root


class Difficulty(StrEnum):
    """How strong the planted causes are; `null` plants none."""

    easy = "easy"
    medium = "medium"
    hard = "hard"
    null = "null"


def register(app: typer.Typer) -> None:
    """Add these commands to the application."""
    for command in (init, simulate, run, ui):
        app.command()(command)
    app.command(hidden=True)(demo)


def init(root: Root) -> None:
    """Make an empty workspace with a commented cx.toml.

    \b
    Example:  cx init my-product
    """
    from cx_analytics.cli import start

    start.make_workspace(root)
    print(f"{root} is a workspace: put files into {root}/landing/<feed>/, then 'cx run {root}'.")


def simulate(
    root: Root,
    sessions: Annotated[int, typer.Option(min=1000, help="How many sessions.")] = 100_000,
    days: Annotated[int, typer.Option(min=1, help="Over how many days.")] = 28,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same world.")] = 1,
    difficulty: Annotated[
        Difficulty | None,
        typer.Option(
            show_default=False,
            help="How weak the planted causes are: easy if not given, medium for a plant.",
        ),
    ] = None,
    plant: Annotated[
        bool, typer.Option("--plant", help="A plant with production events, instead of a world.")
    ] = False,
    cases: Annotated[int, typer.Option(min=100, help="How many units the plant makes.")] = 3000,
) -> None:
    """Make a workspace with landing files, and the planted truth apart in DIR/truth/.

    With --plant: production events of a plant with batches, set-ups, shifts, rush orders and
    rework, where something makes defects (nothing with --difficulty null), and the use of its
    units in the field; --sessions and --days then say nothing.

    \b
    Example:  cx simulate demo --sessions 50000 --days 28 --seed 7
              cx simulate factory --plant --cases 5000
    """
    from cx_analytics.cli import start

    if plant:
        level = difficulty or Difficulty.medium
        rows = start.make_plant(root, cases=cases, seed=seed, difficulty=level.value)
        events = rows["production_events"]
        print(
            f"{root} holds {events:,} production events of {cases:,} units; next: 'cx run {root}'."
        )
        return
    difficulty = difficulty or Difficulty.easy
    start.make_world(root, sessions=sessions, days=days, seed=seed, difficulty=difficulty.value)
    print(f"{root} holds {sessions:,} sessions of {days} days; next: 'cx run {root}'.")


def run(
    root: Root,
    first: Annotated[
        datetime | None,
        typer.Option("--from", formats=["%Y-%m-%d"], help="First day to work on."),
    ] = None,
    last: Annotated[
        datetime | None,
        typer.Option("--to", formats=["%Y-%m-%d"], help="Last day to work on."),
    ] = None,
    cold: Annotated[
        bool,
        typer.Option(
            "--cold", help="Make everything anew from the lake, each fit without the day before."
        ),
    ] = False,
    one_fit: Annotated[
        bool,
        typer.Option(
            "--one-fit",
            help="Look for causes as of the newest day alone: the first load of a long past.",
        ),
    ] = False,
) -> None:
    """Take in what has landed and bring everything up to date, day by day.

    \b
    Example:  cx run demo
              cx run demo --from 2026-01-05 --to 2026-01-11
    """
    from cx_analytics.cli import running

    if first and last and first > last:
        raise typer.BadParameter("--from lies after --to")
    begin, end = first.date() if first else None, last.date() if last else None
    running.run(root, begin, end, cold=cold, one_fit=one_fit)


def ui(
    root: Root,
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port on 127.0.0.1.")] = 3000,
) -> None:
    """Dagster's web UI with schedule, sensor and checks on this workspace.

    It has no login and listens on this machine only; Ctrl-C ends it.

    \b
    Example:  cx ui demo --port 3100
    """
    from cx_analytics.cli import ui as web

    web.serve(root, port)


def demo(
    root: Root,
    sample: Annotated[Path, typer.Option(help="The sample to copy.")] = Path("sample_data"),
) -> None:
    """Run the sample data in a fresh workspace and tell what came out.

    \b
    Example:  cx demo demo
    """
    from cx_analytics.cli import demo as show

    show.tell(root, sample)
