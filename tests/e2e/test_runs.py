"""A run is repeatable, and does only what is not up to date."""

from __future__ import annotations

import csv
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from cx_analytics.cli.verify import verify
from cx_analytics.ingest import lake_versions
from cx_analytics.pipeline import RunSummary, run

pytestmark = [
    pytest.mark.slow,
    pytest.mark.usefixtures("unjudged", "unrecorded"),
    pytest.mark.filterwarnings("ignore:Parameter `backfill_policy`"),
]

Contents = dict[str, list[tuple[Any, ...]]]
Tables = Callable[[Path], Contents]
Row = dict[str, Any]

DAYS = tuple(date(2026, 1, day) for day in range(1, 4))
DAILY = ("lake/sessions", "warehouse/parts/sessions", "warehouse/parts/attribution_strata")
"""Tables whose other days must not be touched when one day changes."""


@pytest.fixture(scope="module")
def whole(new_workspace: Callable[..., Path]) -> Path:
    """A workspace in which all days were run at once; left as it is by every test."""
    root = new_workspace()
    run(root)
    return root


@pytest.fixture(scope="module")
def daily(new_workspace: Callable[..., Path], whole: Path) -> Path:
    """A workspace in which each day landed and was run before the next; tests go on with it.

    No row is late or sent twice: what lands is a day of the other workspace's lake.
    """
    root = new_workspace()
    sessions = root / "landing" / "sessions"
    shutil.rmtree(sessions)
    sessions.mkdir()
    for day in DAYS:
        partition = whole / "lake" / "sessions" / f"day={day}" / "part.parquet"
        shutil.copy(partition, sessions / f"{day}.parquet")
        assert run(root).days == (day,)
        assert run(root).up_to_date
    return root


def land(root: Path, feed: str, name: str, rows: list[Row]) -> None:
    """Drop a CSV file into landing/."""
    target = root / "landing" / feed / name
    with target.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def lake_rows(root: Path, feed: str) -> list[Row]:
    """The rows of a feed in the lake, with times that say that they are UTC."""
    paths = sorted((root / "lake" / feed).glob("*/part.parquet"))
    frame = pl.concat([pl.read_parquet(p, hive_partitioning=False) for p in paths], how="diagonal")
    times = [pl.col(pl.Datetime).dt.strftime("%Y-%m-%dT%H:%M:%S%.6fZ")]
    return frame.with_columns(times).to_dicts()


def touched(root: Path) -> dict[str, dict[str, int]]:
    """Table → day → time of the last change of its partition."""
    return {
        table: {
            path.parent.name.removeprefix("day="): path.stat().st_mtime_ns
            for path in (root / table).glob("*/part.parquet")
        }
        for table in DAILY
    }


def reopened(root: Path) -> tuple[RunSummary, dict[str, set[str]]]:
    """Run; the summary, and the days of each daily table that came, went or were replaced."""
    before = touched(root)
    done = run(root)
    after = touched(root)
    changed = {
        table: {
            day
            for day in before[table].keys() | after[table].keys()
            if before[table].get(day) != after[table].get(day)
        }
        for table in DAILY
    }
    return done, changed


def assert_reopened(root: Path, lake: set[str], derived: set[str]) -> RunSummary:
    """Run, and hold which days were replaced; afterwards nothing is left to do."""
    done, changed = reopened(root)
    assert changed == dict(zip(DAILY, (lake, derived, derived), strict=True))
    assert {day.isoformat() for day in done.days} == derived
    assert run(root).up_to_date
    return done


# ---- repeatable ------------------------------------------------------------------------------


def test_all_tables_are_published_and_add_up(whole: Path, tables: Tables) -> None:
    found = tables(whole)
    assert len(found["sessions"]) == 1500
    assert all(set(DAYS) & set(row) for row in found["causes_history"])
    taken = pl.DataFrame(
        [row[:7] for row in found["runs"]],
        schema=["batch", "feed", "files", "rows_in", "kept", "duplicates", "quarantined"],
        orient="row",
    )
    sums = taken.select(pl.col("rows_in", "kept", "duplicates", "quarantined").sum()).row(0)
    assert sums[0] == sum(sums[1:])
    assert sums[3] == len(found["quarantine"]) > 0
    for feed, kept in taken.group_by("feed").agg(pl.col("kept").sum()).iter_rows():
        assert kept == len(lake_rows(whole, feed))


def test_every_number_of_page_and_packs_runs_again(whole: Path) -> None:
    for told in (whole / "reports" / "index.html", *(whole / "exports").glob("d-*")):
        answer = verify(whole, told)
        assert answer.data["numbers"]
        assert [one for one in answer.data["numbers"] if one["wrong"]] == []
        assert answer.data["files"] == {}


def test_the_same_data_give_the_same_tables(
    whole: Path, new_workspace: Callable[..., Path], tables: Tables
) -> None:
    again = new_workspace()
    run(again)
    assert tables(again) == tables(whole)


def test_a_rebuild_from_the_lake_gives_the_same_tables(
    whole: Path, tmp_path: Path, tables: Tables
) -> None:
    root = tmp_path / "copy"
    shutil.copytree(whole, root)
    assert run(root).up_to_date
    assert run(root, cold=True).days == DAYS
    assert tables(root) == tables(whole)


def test_day_by_day_gives_what_all_at_once_gives(whole: Path, daily: Path, tables: Tables) -> None:
    one_by_one, at_once = tables(daily), tables(whole)
    for told_by_batch in ("runs", "quarantine"):
        del one_by_one[told_by_batch], at_once[told_by_batch]
    assert one_by_one == at_once


def test_a_second_run_does_nothing_and_does_not_load_dagster(whole: Path) -> None:
    before = (whole / "warehouse" / "cx.duckdb").stat()
    script = (
        "import sys, time; began = time.monotonic()\n"
        "from cx_analytics.pipeline import run\n"
        "assert run(sys.argv[1]).up_to_date\n"
        "assert 'dagster' not in sys.modules and 'great_expectations' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", script, str(whole)], check=True)
    after = (whole / "warehouse" / "cx.duckdb").stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)


# ---- incremental: these tests go on with one workspace, in this order -------------------------


def test_a_late_row_reopens_only_its_own_day(daily: Path, tables: Tables) -> None:
    session = next(row for row in lake_rows(daily, "sessions") if row["started_at"] < "2026-01-02")
    land(daily, "sessions", "late.csv", [{**session, "session_id": "late"}])
    done = assert_reopened(daily, {"2026-01-01"}, {"2026-01-01"})
    assert (done.rows_in, done.kept, done.duplicates) == (1, 1, 0)
    assert len(tables(daily)["sessions"]) == 1501


def test_a_correction_reopens_both_its_days(daily: Path, tables: Tables) -> None:
    session = next(row for row in lake_rows(daily, "sessions") if row["session_id"] == "late")
    land(daily, "sessions", "moved.csv", [{**session, "started_at": "2026-01-03T12:00:00Z"}])
    both = {"2026-01-01", "2026-01-03"}
    done = assert_reopened(daily, both, both)
    assert (done.rows_in, done.kept, done.duplicates) == (1, 0, 1)
    assert len(tables(daily)["sessions"]) == 1501


def test_the_same_file_under_another_name_changes_nothing(daily: Path, tables: Tables) -> None:
    before = tables(daily)
    sessions = daily / "landing" / "sessions"
    shutil.copy(sessions / "moved.csv", sessions / "moved-again.csv")
    done = assert_reopened(daily, set(), set())
    assert (done.files, done.rows_in) == (0, 0)
    assert tables(daily) == before


def test_known_rows_in_a_new_file_are_told_as_duplicates(daily: Path, tables: Tables) -> None:
    rows = [row for row in lake_rows(daily, "sessions") if row["started_at"] > "2026-01-03"][:5]
    land(daily, "sessions", "known.csv", rows)
    done = assert_reopened(daily, set(), set())
    assert (done.rows_in, done.kept, done.duplicates) == (5, 0, 5)
    assert len(tables(daily)["runs"]) == len(lake_rows(daily, "runs"))


def test_a_changed_unit_reopens_the_days_that_saw_it(daily: Path, tables: Tables) -> None:
    seen: dict[str, set[str]] = {}
    for row in lake_rows(daily, "sessions"):
        seen.setdefault(row["unit_id"], set()).add(row["started_at"][:10])
    units = [row for row in lake_rows(daily, "units") if len(seen.get(row["unit_id"], ())) == 1]
    land(daily, "units", "changed.csv", [{**units[0], "line": "L-new"}])
    assert_reopened(daily, set(), seen[units[0]["unit_id"]])
    assert any("L-new" in row for row in tables(daily)["sessions"])


def test_a_new_unit_that_nobody_used_reopens_nothing(daily: Path, tables: Tables) -> None:
    before = len(tables(daily)["units"])
    unit = lake_rows(daily, "units")[0]
    land(daily, "units", "unused.csv", [{**unit, "unit_id": "nobody-has-it"}])
    assert_reopened(daily, set(), set())
    assert len(tables(daily)["units"]) == before + 1


def test_a_new_state_of_a_cell_reopens_days_from_then_on(daily: Path, tables: Tables) -> None:
    seen: dict[str, set[str]] = {}
    for row in lake_rows(daily, "sessions"):
        seen.setdefault(row["cell_id"], set()).add(row["started_at"][:10])
    cells = lake_rows(daily, "cells")
    cell = max(cells, key=lambda row: len(seen.get(row["cell_id"], ())))
    changed = {**cell, "valid_from": "2026-01-03T00:00:00Z", "software_release": "R-new"}
    land(daily, "cells", "upgraded.csv", [changed])
    days = {day for day in seen[cell["cell_id"]] if day >= "2026-01-03"}
    assert_reopened(daily, set(), days)
    upgraded = [row for row in tables(daily)["sessions"] if "R-new" in row]
    assert {row[2].date().isoformat() for row in upgraded} <= days


def test_a_day_that_lost_all_its_sessions_is_gone_everywhere(daily: Path, tables: Tables) -> None:
    first = [row for row in lake_rows(daily, "sessions") if row["started_at"] < "2026-01-02"]
    moved = [{**row, "started_at": "2026-01-02T12:00:00Z"} for row in first]
    land(daily, "sessions", "no-first-day.csv", moved)
    both = {"2026-01-01", "2026-01-02"}
    assert_reopened(daily, both, both)
    found = tables(daily)
    assert len(found["sessions"]) == 1501
    assert {row[2].date() for row in found["sessions"]} == set(DAYS[1:])
    assert {row[1] for row in found["customer_experience"]} == set(DAYS[1:])
    assert not any(DAYS[0] in row for row in found["causes_history"])


def test_a_changed_metric_is_made_anew(daily: Path, tables: Tables) -> None:
    before = tables(daily)["customer_experience"]
    settings = (daily / "cx.toml").read_text(encoding="utf-8")
    metric = '[metrics.latency]\ncolumn = "latency_ms"\ngood = 10\nbad = 100\n'
    (daily / "cx.toml").write_text(settings + metric, encoding="utf-8")
    assert run(daily).days == DAYS[1:]
    assert tables(daily)["customer_experience"] != before


def test_versions_of_the_lake_follow_the_content(whole: Path, daily: Path) -> None:
    """Equal rows have equal versions, however they came."""
    assert lake_versions(whole)["contacts"] == lake_versions(daily)["contacts"]
