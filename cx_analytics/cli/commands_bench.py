"""Commands that measure the product: `cx bench attribution`, `effects`, `speed` and so on.

Belongs here: arguments and help. Stays out: the work (benching.py, the bench package). Another
command goes into `register`, and its section into bench/benchmarks.md.
"""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from cx_analytics.cli.commands_work import Difficulty
from cx_analytics.cli.options import AsParquet, OneFit

PAGE = Path("docs/benchmarks.md")

Sessions = Annotated[int, typer.Option(min=1000, help="Sessions of a world.")]
Days = Annotated[int, typer.Option(min=1, help="Days of a world.")]
Worlds = Annotated[int, typer.Option(min=1, help="How many worlds of each difficulty.")]
FirstSeed = Annotated[
    int | None,
    typer.Option(min=0, show_default=False, help="Seeds from here on; new ones every day."),
]
Out = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        show_default=False,
        help=f"The page to write the section into; {PAGE} where there is a docs/.",
    ),
]


class By(StrEnum):
    """How a world is diagnosed."""

    fit = "fit"
    run = "run"


def register(app: typer.Typer) -> None:
    """Add the group to the application."""
    bench = typer.Typer(
        help="Measure the published figures again, on fresh planted worlds.",
        no_args_is_help=True,
        rich_markup_mode=None,
        epilog="Every command explains itself: cx bench attribution --help",
    )
    for command in (
        attribution,
        localize,
        care,
        factory,
        healthy,
        forecasts,
        effects,
        recurrences,
        steps,
        events,
        speed,
        probability,
    ):
        bench.command()(command)
    app.add_typer(bench, name="bench")


def attribution(
    sessions: Sessions = 1_000_000,
    days: Days = 28,
    seeds: Worlds = 8,
    first_seed: FirstSeed = None,
    difficulty: Annotated[
        list[Difficulty] | None,
        typer.Option(
            show_default=False, help="May be given again; medium, hard and null if not given."
        ),
    ] = None,
    baselines: Annotated[
        bool, typer.Option("--baselines/--no-baselines", help="What others would try first.")
    ] = True,
    by: Annotated[By, typer.Option(help="One fit in process, or the whole pipeline.")] = By.fit,
    out: Out = None,
) -> None:
    """Find planted causes, and hold every published figure against its bars.

    With --by fit the sessions come joined and clean of repeats, and there is one cold fit on the
    last day. With --by run landing files go through the whole pipeline, late and repeated rows
    too, with a fit for each day that starts from the causes of the day before; only that can say
    after how many days a cause was reported, and it takes many times as long.

    \b
    Example:  cx bench attribution --sessions 100000 --seeds 2 --difficulty medium
              cx bench attribution --first-seed 700 --no-baselines --by run --out figures.md
    """
    from cx_analytics.cli import benching

    today = datetime.now(UTC).date()
    benching.attribution(
        sessions=sessions,
        days=days,
        seeds=range(start := _first(first_seed, today.toordinal()), start + seeds),
        difficulties=[one.value for one in difficulty or _PUBLISHED],
        baselines=baselines,
        by_run=by is By.run,
        out=out or _default(PAGE),
        today=today,
    )


def localize(
    folder: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            show_default=False,
            help="Published instances: truth.csv and <dataset>/<instance>.parquet.",
        ),
    ] = None,
    seeds: Annotated[int, typer.Option(min=1, help="Fresh instances of each recipe.")] = 12,
    first_seed: FirstSeed = None,
    large: Annotated[
        bool, typer.Option("--large/--no-large", help="Localise in 24 million leaves as well.")
    ] = True,
    out: Out = None,
) -> None:
    """Localise planted deviations in fresh instances, and in published ones where they are.

    \b
    Example:  cx bench localize --seeds 4 --no-large
              cx bench localize --folder instances --out figures.md
    """
    from cx_analytics.cli import benching

    today = datetime.now(UTC).date()
    start = _first(first_seed, today.toordinal())
    benching.localize(
        folder=folder,
        seeds=range(start, start + seeds),
        large=large,
        out=out or _default(PAGE),
        today=today,
    )


def care(
    sessions: Sessions = 1_000_000,
    seeds: Worlds = 2,
    first_seed: FirstSeed = None,
    difficulty: Annotated[
        list[Difficulty] | None,
        typer.Option(show_default=False, help="May be given again; medium and hard if not given."),
    ] = None,
    one_fit: OneFit = False,
    out: Out = None,
) -> None:
    """Hold each customer's fix against the planted cause, and its gain against the days after.

    \b
    Example:  cx bench care --sessions 200000 --seeds 1 --difficulty medium
    """
    from cx_analytics.cli import benching

    today = datetime.now(UTC).date()
    benching.care(
        sessions=sessions,
        seeds=range(start := _first(first_seed, today.toordinal()), start + seeds),
        difficulties=[one.value for one in difficulty or (Difficulty.medium, Difficulty.hard)],
        one_fit=one_fit,
        out=out or _default(PAGE),
        today=today,
    )


def factory(
    sessions: Sessions = 150_000,
    days: Annotated[int, typer.Option(min=28, help="Days of a world; 42 test two past days.")] = 42,
    seeds: Worlds = 6,
    first_seed: FirstSeed = None,
    difficulty: Annotated[
        list[Difficulty] | None,
        typer.Option(show_default=False, help="May be given again; medium and hard if not given."),
    ] = None,
    out: Out = None,
) -> None:
    """Hold what whole runs tell the factory against planted causes, and against what came after.

    \b
    Example:  cx bench factory --sessions 100000 --seeds 1 --difficulty medium
    """
    from cx_analytics.cli import benching_factory

    today = datetime.now(UTC).date()
    benching_factory.factory(
        sessions=sessions,
        days=days,
        seeds=range(start := _first(first_seed, today.toordinal()), start + seeds),
        difficulties=[one.value for one in difficulty or (Difficulty.medium, Difficulty.hard)],
        out=out or _default(PAGE),
        today=today,
    )


def healthy(
    sessions: Sessions = 100_000,
    days: Days = 28,
    seeds: Worlds = 20,
    first_seed: FirstSeed = None,
    out: Out = None,
) -> None:
    """Count what whole runs tell the factory of worlds in which nothing is wrong.

    \b
    Example:  cx bench healthy --sessions 50000 --seeds 2
    """
    from cx_analytics.cli import benching_factory

    today = datetime.now(UTC).date()
    start = _first(first_seed, today.toordinal())
    benching_factory.healthy(
        sessions=sessions,
        days=days,
        seeds=range(start, start + seeds),
        out=out or _default(PAGE),
        today=today,
    )


def forecasts(
    sessions: Sessions = 200_000,
    days: Annotated[int, typer.Option(min=28, help="Days of a world; 56 test three.")] = 56,
    seeds: Worlds = 4,
    first_seed: FirstSeed = None,
    difficulty: Annotated[
        list[Difficulty] | None,
        typer.Option(show_default=False, help="May be given again; medium and hard if not given."),
    ] = None,
    out: Out = None,
) -> None:
    """Forecast from past days of planted worlds, and count what truly came within the bands.

    \b
    Example:  cx bench forecasts --sessions 100000 --seeds 1 --difficulty hard
    """
    from cx_analytics.cli import benching_factory

    today = datetime.now(UTC).date()
    benching_factory.forecasts(
        sessions=sessions,
        days=days,
        seeds=range(start := _first(first_seed, today.toordinal()), start + seeds),
        difficulties=[one.value for one in difficulty or (Difficulty.medium, Difficulty.hard)],
        out=out or _default(PAGE),
        today=today,
    )


def recurrences(
    worlds: Annotated[int, typer.Option(min=1, help="Years of each kind.")] = 10_000,
    first_seed: FirstSeed = None,
    out: Out = None,
) -> None:
    """Watch fixed causes that stay away for a year, and some that come back.

    \b
    Example:  cx bench recurrences --worlds 1000
    """
    from cx_analytics.cli import benching_factory

    today = datetime.now(UTC).date()
    benching_factory.recurrences(
        worlds=worlds,
        seed=_first(first_seed, today.toordinal()),
        out=out or _default(PAGE),
        today=today,
    )


def effects(
    seeds: Annotated[int, typer.Option(min=1, help="Fresh panels of each kind.")] = 1000,
    first_seed: FirstSeed = None,
    out: Out = None,
) -> None:
    """Judge planted actions: useless ones, good ones, harmful ones, and a bad week by chance.

    \b
    Example:  cx bench effects --seeds 200
    """
    from cx_analytics.cli import benching

    today = datetime.now(UTC).date()
    start = _first(first_seed, today.toordinal())
    benching.effects(seeds=range(start, start + seeds), out=out or _default(PAGE), today=today)


def steps(
    seeds: Annotated[int, typer.Option(min=1, help="How many plants of each kind.")] = 10,
    first_seed: FirstSeed = None,
    cases: Annotated[int, typer.Option(min=100, help="Units that each plant makes.")] = 3000,
    out: Out = None,
) -> None:
    """Hold waits and makers of rejects against planted plants.

    \b
    Example:  cx bench steps --seeds 3 --out figures.md
    """
    from cx_analytics.cli import benching

    today = datetime.now(UTC).date()
    start = _first(first_seed, today.toordinal())
    benching.steps(
        seeds=range(start, start + seeds),
        cases=cases,
        out=out or _default(PAGE),
        today=today,
    )


def events(
    events: Annotated[int, typer.Option(min=1, help="Events of the log.")] = 10_000_000,
    seed: Annotated[int, typer.Option(min=0, help="The seed of its plants.")] = 1,
    out: Out = None,
) -> None:
    """Time every table of production on a large planted log, in a process of its own.

    \b
    Example:  cx bench events --events 1000000 --out figures.md
    """
    from cx_analytics.cli import benching

    benching.events(
        events=events, seed=seed, out=out or _default(PAGE), today=datetime.now(UTC).date()
    )


def speed(
    sessions: Sessions = 1_000_000,
    days: Days = 28,
    seed: Annotated[int, typer.Option(min=0, help="The world's seed.")] = 1,
    one_fit: OneFit = False,
    parquet: AsParquet = False,
    out: Out = None,
) -> None:
    """Run the pipeline on landing files of a fresh world, and time each of its steps.

    \b
    Example:  cx bench speed --sessions 100000 --days 7
    """
    from cx_analytics.cli import benching

    benching.speed(
        sessions=sessions,
        days=days,
        seed=seed,
        one_fit=one_fit,
        parquet=parquet,
        out=out or _default(PAGE),
        today=datetime.now(UTC).date(),
    )


def probability(
    sessions: Sessions = 1_000_000,
    seeds: Annotated[
        int, typer.Option(min=1, help="How many seeds: a medium, a hard and a healthy world each.")
    ] = 4,
    first_seed: FirstSeed = None,
    write: Annotated[
        bool, typer.Option("--write", help="Put the map in place of the one that is shipped.")
    ] = False,
) -> None:
    """Learn anew how probable a cause with some evidence is, on planted worlds.

    \b
    Example:  cx bench probability --seeds 8 --write
    """
    from cx_analytics.cli import benching

    today = datetime.now(UTC).date()
    start = _first(first_seed, today.toordinal())
    benching.probability(
        sessions=sessions, seeds=range(start, start + seeds), write=write, today=today
    )


_PUBLISHED = (Difficulty.medium, Difficulty.hard, Difficulty.null)


def _first(given: int | None, today: int) -> int:
    """The first seed: as given, or one that no earlier day has used."""
    return today * 1000 if given is None else given


def _default(page: Path) -> Path | None:
    """The page of this checkout, or none where there is no docs/."""
    return page if page.parent.is_dir() else None
