"""`cx bench …`: put the bench to work, print its tables, and write them into the page.

Belongs here: what joins the bench with the pipeline and with the command line. Stays out: what is
measured (the bench package).
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from datetime import date
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from cx_analytics.bench import document
from cx_analytics.cli.screen import clean
from cx_analytics.simulate import Difficulty


def attribution(
    *,
    sessions: int,
    days: int,
    seeds: Sequence[int],
    difficulties: Sequence[Difficulty],
    baselines: bool,
    by_run: bool,
    out: Path | None,
    today: date,
) -> None:
    """Measure attribution on planted worlds; print the tables and write their section."""
    from cx_analytics import bench
    from cx_analytics.bench import tables
    from cx_analytics.bench.baselines import BASELINES

    check(out)
    trial = bench.Trial(sessions, days, tuple(seeds), tuple(difficulties))
    asked = BASELINES if baselines else ()
    absent = tables.not_installed(asked)
    for line in absent:
        print(line)
    with TemporaryDirectory(prefix="cx-bench-") as folder:
        results = bench.attribution(
            trial,
            folder=Path(folder),
            run=run_as_user if by_run else None,
            baselines=asked,
            say=say,
        )
    there = [one for one in asked if one.installed]
    text = tables.attribution_tables(results, sessions, there)
    print(f"\n{text}")
    how = command(
        "attribution",
        f"--sessions {sessions} --days {days} --seeds {len(seeds)} --first-seed {seeds[0]}",
        *(f"--difficulty {one}" for one in difficulties),
        "--baselines" if baselines else "--no-baselines",
        f"--by {'run' if by_run else 'fit'}",
    )
    write_page(out, "attribution", "\n\n".join([document.provenance(how, today), text, *absent]))


def speed(
    *,
    sessions: int,
    days: int,
    seed: int,
    one_fit: bool,
    parquet: bool,
    out: Path | None,
    today: date,
) -> None:
    """Measure a run step by step; print the table and write its section."""
    from cx_analytics.bench import speed as bench

    check(out)
    with TemporaryDirectory(prefix="cx-bench-") as folder:
        text = bench.speed(
            Path(folder),
            sessions=sessions,
            days=days,
            seed=seed,
            prepare=partial(simulated_workspace, parquet=parquet),
            one_fit=one_fit,
            say=say,
        )
    print(f"\n{text}")
    told = f"--sessions {sessions} --days {days} --seed {seed}"
    how = command("speed", told, *one_fit * ("--one-fit",), *parquet * ("--parquet",))
    write_page(out, "speed", f"{document.provenance(how, today)}\n\n{text}")


def localize(
    *, folder: Path | None, seeds: Sequence[int], large: bool, out: Path | None, today: date
) -> None:
    """Localise in published and fresh instances; print the table and write its section."""
    from cx_analytics.bench import tables
    from cx_analytics.bench.localization import localization

    check(out)
    found = localization(folder, seeds, say=say, large=large)
    shown = found.select("set", "instances", "f1", "cpu_s", "peak_gb")
    header = ("set", "instances", "F1", "CPU s, median", "peak GB of the process")
    rows = [tuple(_cell(value) for value in row) for row in shown.iter_rows()]
    text = tables.markdown(header, rows)
    print(f"\n{text}")
    told = [f"--seeds {len(seeds)} --first-seed {seeds[0]}"]
    told += [f"--folder {folder}"] if folder is not None else []
    how = command("localize", *told, "--large" if large else "--no-large")
    write_page(out, "localize", f"{document.provenance(how, today)}\n\n{text}")


def effects(*, seeds: Sequence[int], out: Path | None, today: date) -> None:
    """Judge planted actions; print the table and write its section."""
    from cx_analytics.bench import effects as bench
    from cx_analytics.bench import tables

    check(out)
    text = tables.markdown(bench.HEADER, bench.effects(seeds, say=say))
    print(f"\n{text}")
    how = command("effects", f"--seeds {len(seeds)} --first-seed {seeds[0]}")
    write_page(out, "effects", f"{document.provenance(how, today)}\n\n{text}")


def care(
    *,
    sessions: int,
    seeds: Sequence[int],
    difficulties: Sequence[Difficulty],
    one_fit: bool,
    out: Path | None,
    today: date,
) -> None:
    """Judge the fixes of whole runs on planted worlds; print the table and write its section."""
    from cx_analytics.bench import care as bench
    from cx_analytics.bench import tables

    check(out)
    with TemporaryDirectory(prefix="cx-bench-") as folder:
        run = partial(run_as_user, one_fit=one_fit)
        rows = bench.care(
            seeds, difficulties, sessions=sessions, folder=Path(folder), run=run, say=say
        )
    text = tables.markdown(bench.HEADER, rows)
    print(f"\n{text}")
    how = command(
        "care",
        f"--sessions {sessions} --seeds {len(seeds)} --first-seed {seeds[0]}",
        *(f"--difficulty {one}" for one in difficulties),
        *one_fit * ("--one-fit",),
    )
    write_page(out, "care", f"{document.provenance(how, today)}\n\n{text}")


def steps(*, seeds: Sequence[int], cases: int, out: Path | None, today: date) -> None:
    """Judge what is said about planted plants; print and write the tables."""
    from cx_analytics.bench import steps as bench

    check(out)
    with TemporaryDirectory(prefix="cx-bench-") as folder:
        shares = bench.waits(seeds, cases=cases, folder=Path(folder), say=say)
        blamed = bench.makers(seeds, cases=cases, folder=Path(folder), say=say)
    text = f"{bench.waits_table(shares)}\n\n{bench.makers_table(blamed)}"
    print(f"\n{text}")
    told = f"--seeds {len(seeds)} --first-seed {seeds[0]} --cases {cases}"
    write_page(out, "steps", f"{document.provenance(command('steps', told), today)}\n\n{text}")


def events(*, events: int, seed: int, out: Path | None, today: date) -> None:
    """Time the tables of production on a large log; print and write the table."""
    from cx_analytics.bench import steps as bench

    check(out)
    with TemporaryDirectory(prefix="cx-bench-") as folder:
        used = bench.many_events(events, seed, Path(folder) / "many", say=say)
    text = bench.many_table(*used, events)
    print(f"\n{text}")
    how = document.provenance(command("events", f"--events {events} --seed {seed}"), today)
    write_page(out, "events", f"{how}\n\n{text}")


def _cell(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.3f}"
    return "" if value is None else str(value)


def probability(*, sessions: int, seeds: Sequence[int], write: bool, today: date) -> None:
    """Learn the map from evidence to probability on planted worlds; print it or put it in place."""
    from cx_analytics.attribute.probability import LEARNED
    from cx_analytics.bench import calibration
    from cx_analytics.bench.machine import versions

    worlds = [(level, seed) for seed in seeds for level in calibration.LEVELS]
    points = calibration.learn(worlds, sessions, say=say)
    how = f"{versions()}; {len(worlds)} worlds of {sessions} sessions, "
    how += f"seeds {seeds[0]} to {seeds[-1]}, {today.isoformat()}"
    text = calibration.as_text({"learned": how, **points})
    print(text)
    if write:
        LEARNED.write_text(text, encoding="utf-8")
        print(f"written to {LEARNED}")


def run_as_user(root: Path, *, one_fit: bool = False) -> None:
    """A workspace around landing files, brought up to date."""
    from cx_analytics import pipeline
    from cx_analytics.cli.start import make_workspace

    make_workspace(root)
    pipeline.run(root, one_fit=one_fit)


def simulated_workspace(
    root: Path, sessions: int, days: int, seed: int, *, parquet: bool = False
) -> None:
    """A workspace with landing files, as `cx simulate` makes it, or all of them Parquet."""
    from cx_analytics.cli.start import SIMULATED_FORMAT, make_world

    kind = "parquet" if parquet else SIMULATED_FORMAT
    size = {"sessions": sessions, "days": days, "seed": seed}
    make_world(root, **size, difficulty="medium", file_format=kind)


def say(text: str) -> None:
    print(clean(text), flush=True)


def command(name: str, *options: str) -> str:
    return " ".join(shlex.split(f"cx bench {name} {' '.join(options)}"))


def check(out: Path | None) -> None:
    """Refuse a page that could not be written, before anything is measured."""
    if out is not None:
        document.known_sections(out)


def write_page(out: Path | None, name: str, content: str) -> None:
    if out is None:
        print("\nnot written: there is no docs/ here; give --out FILE")
        return
    document.write_section(out, name, content)
    print(f"\nwritten into {out}")
