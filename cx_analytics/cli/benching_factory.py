"""`cx bench factory`, `healthy`, `forecasts`, `recurrences`: measure, print, write their sections.

Belongs here: what joins the bench with the pipeline and with the command line. Stays out: what is
measured (the bench package), and the other measurements (benching.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

from cx_analytics.bench import document, tables
from cx_analytics.cli.benching import check, command, run_as_user, say, write_page
from cx_analytics.simulate import Difficulty


def factory(
    *,
    sessions: int,
    days: int,
    seeds: Sequence[int],
    difficulties: Sequence[Difficulty],
    out: Path | None,
    today: date,
) -> None:
    """Judge what whole runs tell the factory; print the table and write its section."""
    from cx_analytics.bench import factory as bench
    from cx_analytics.bench.factory_tables import factory_table

    check(out)
    worlds = [(difficulty, seed) for difficulty in difficulties for seed in seeds]
    with TemporaryDirectory(prefix="cx-bench-") as folder:
        scores = bench.factory(
            worlds, sessions=sessions, days=days, folder=Path(folder), run=run_as_user, say=say
        )
    size = f"--sessions {sessions} --days {days} --seeds {len(seeds)} --first-seed {seeds[0]}"
    levels = [f"--difficulty {one}" for one in difficulties]
    _tell(out, "factory", factory_table(scores), command("factory", size, *levels), today)


def healthy(
    *, sessions: int, days: int, seeds: Sequence[int], out: Path | None, today: date
) -> None:
    """Count what is told of healthy worlds; print the table and write its section."""
    from cx_analytics.bench import factory as bench
    from cx_analytics.bench.factory_tables import healthy_table

    check(out)
    with TemporaryDirectory(prefix="cx-bench-") as folder:
        scores = bench.factory(
            [("null", seed) for seed in seeds],
            sessions=sessions,
            days=days,
            folder=Path(folder),
            run=run_as_user,
            say=say,
        )
    size = f"--sessions {sessions} --days {days} --seeds {len(seeds)} --first-seed {seeds[0]}"
    _tell(out, "healthy", healthy_table(scores), command("healthy", size), today)


def forecasts(
    *,
    sessions: int,
    days: int,
    seeds: Sequence[int],
    difficulties: Sequence[Difficulty],
    out: Path | None,
    today: date,
) -> None:
    """Judge forecasts of past days; print the table and write its section."""
    from cx_analytics.bench import forecasts as bench
    from cx_analytics.bench.factory_tables import backtest_table

    check(out)
    worlds = [(difficulty, seed) for difficulty in difficulties for seed in seeds]
    with TemporaryDirectory(prefix="cx-bench-") as folder:
        scores = bench.forecasts(worlds, sessions=sessions, days=days, folder=Path(folder), say=say)
    size = f"--sessions {sessions} --days {days} --seeds {len(seeds)} --first-seed {seeds[0]}"
    levels = [f"--difficulty {one}" for one in difficulties]
    _tell(out, "forecasts", backtest_table(scores), command("forecasts", size, *levels), today)


def recurrences(*, worlds: int, seed: int, out: Path | None, today: date) -> None:
    """Watch simulated years; print the table and write its section."""
    from cx_analytics.bench import recurrences as bench

    check(out)
    text = tables.markdown(bench.HEADER, bench.recurrences(worlds, seed, say=say))
    how = command("recurrences", f"--worlds {worlds} --first-seed {seed}")
    _tell(out, "recurrences", text, how, today)


def _tell(out: Path | None, section: str, text: str, how: str, today: date) -> None:
    print(f"\n{text}")
    write_page(out, section, f"{document.provenance(how, today)}\n\n{text}")
