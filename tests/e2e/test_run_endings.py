"""Whatever lands and whoever looks on: a run ends well, or says what stopped it."""

from __future__ import annotations

import csv
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

from cx_analytics.contracts.errors import CheckFailed, CxError
from cx_analytics.pipeline import RunSummary, run
from cx_analytics.quality import CheckResult

pytestmark = [
    pytest.mark.slow,
    pytest.mark.usefixtures("unjudged", "unrecorded"),
    pytest.mark.filterwarnings("ignore:Parameter `backfill_policy`"),
]

Contents = dict[str, list[tuple[Any, ...]]]
Tables = Callable[[Path], Contents]
Row = dict[str, Any]

DAYS = tuple(date(2026, 1, day) for day in range(1, 4))


def land(root: Path, feed: str, name: str, rows: list[Row]) -> None:
    """Drop a CSV file into landing/."""
    target = root / "landing" / feed / name
    with target.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


# ---- readers ---------------------------------------------------------------------------------


def sessions_in(warehouse: duckdb.DuckDBPyConnection) -> int:
    return int(warehouse.sql("SELECT count(*) FROM sessions").fetchall()[0][0])


WATCHED = """
import sys, time, cx_analytics.quality as quality
from pathlib import Path
from cx_analytics.pipeline import run

quality.validate = lambda *_, **__: ()
root = Path(sys.argv[1])

def told(stage, *_):
    while stage == "publish" and not (root / "looked").exists():
        time.sleep(0.02)

run(root, progress=told)
"""


def test_readers_never_meet_a_missing_or_half_written_warehouse(
    new_workspace: Callable[..., Path],
) -> None:
    root = new_workspace()
    database, counts, ended = str(root / "warehouse" / "cx.duckdb"), list[int](), threading.Event()
    (root / "warehouse").mkdir()
    process = subprocess.Popen([sys.executable, "-c", WATCHED, str(root)])
    early = None
    while process.poll() is None:
        if not Path(database).exists():
            assert not counts
            ended.wait(0.02)
            continue
        with duckdb.connect(database, read_only=True) as reader:
            reader.sql("SELECT * FROM causes").fetchall()
            counts.append(sessions_in(reader))
        early = early or duckdb.connect(database, read_only=True)
        # Nothing is published before somebody has looked.
        (root / "looked").touch()
        ended.wait(0.05)
    assert process.returncode == 0
    assert set(counts) <= {0, 1500}
    assert early is not None
    assert sessions_in(early) == 0, "an old snapshot stays"
    early.close()
    with duckdb.connect(database, read_only=True) as reader:
        assert sessions_in(reader) == 1500


# ---- whatever lands --------------------------------------------------------------------------


def test_an_empty_workspace_runs(new_workspace: Callable[..., Path], tables: Tables) -> None:
    root = new_workspace(empty=True)
    done = run(root)
    assert (done.rows_in, done.days) == (0, ())
    assert run(root).up_to_date
    assert {name for name, rows in tables(root).items() if rows} == {
        "metrics_sql",
        "satisfaction_fit",
    }


@pytest.mark.parametrize("feed", ["production_events", "contacts"])
def test_a_workspace_without_sessions_runs(
    new_workspace: Callable[..., Path], landed: Path, tables: Tables, feed: str
) -> None:
    root = new_workspace(empty=True)
    shutil.copytree(landed / feed, root / "landing" / feed)
    assert run(root).kept > 0
    assert run(root).up_to_date
    assert tables(root)["step_times" if feed == "production_events" else feed]
    assert tables(root)["sessions"] == []


@pytest.mark.parametrize("fault", ["", "drop"])
def test_a_single_day_of_nothing_but_faults_or_none_runs(
    new_workspace: Callable[..., Path], tables: Tables, fault: str
) -> None:
    root = new_workspace(empty=True)
    (root / "landing" / "sessions").mkdir(parents=True)
    rows: list[Row] = [
        {
            "session_id": f"s{number}",
            "customer_id": f"c{number % 7}",
            "started_at": f"2026-01-01T{number % 24:02}:00:00Z",
            "app_version": f"1.{number % 3}",
            "fault_code": fault,
        }
        for number in range(100)
    ]
    land(root, "sessions", "day.csv", rows)
    assert run(root).days == DAYS[:1]
    found = tables(root)
    assert len({row[0] for row in found["fault_causes"]}) == (100 if fault else 0)
    assert sum(row[2] for row in found["fault_causes"]) == pytest.approx(100 if fault else 0)
    assert len(found["customer_experience"]) == 7


def test_days_can_be_limited_and_the_rest_follows(
    new_workspace: Callable[..., Path], tables: Tables
) -> None:
    root = new_workspace()
    assert run(root, DAYS[1], DAYS[1]).days == DAYS[1:2]
    assert {row[2].date() for row in tables(root)["sessions"]} == {DAYS[1]}
    assert run(root, DAYS[1], DAYS[1]).up_to_date
    assert run(root).days == (DAYS[0], DAYS[2])
    assert len(tables(root)["sessions"]) == 1500
    with pytest.raises(CxError, match="lies after"):
        run(root, DAYS[2], DAYS[1])


# ---- failing ---------------------------------------------------------------------------------


def test_a_failing_check_stops_the_run_and_leaves_the_warehouse(
    new_workspace: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, tables: Tables
) -> None:
    root = new_workspace(empty=True)
    (root / "landing" / "sessions").mkdir(parents=True)
    row = {"session_id": "s", "customer_id": "c", "started_at": "2026-01-01T00:00:00Z"}
    land(root, "sessions", "day.csv", [row])
    run(root)
    before = tables(root)
    land(root, "sessions", "next.csv", [{**row, "session_id": "t"}])
    broken = CheckResult("few", False, "block", ("2026-01-01",), "2 rows", "at most one row")
    with monkeypatch.context() as patch:
        patch.setattr("cx_analytics.quality.validate", lambda *_, **__: (broken,))
        with pytest.raises(CheckFailed, match="at most one row"):
            run(root)
    assert tables(root) == before
    assert not run(root).up_to_date
    assert len(tables(root)["sessions"]) == 2


def test_a_damaged_partition_stops_the_run_with_a_clear_error(
    new_workspace: Callable[..., Path], tables: Tables
) -> None:
    root = new_workspace()
    run(root, last=DAYS[0])
    before = tables(root)
    damaged = root / "lake" / "sessions" / f"day={DAYS[2]}" / "part.parquet"
    content = damaged.read_bytes()
    damaged.write_bytes(content[:100])
    with pytest.raises(CxError, match=r"the run stopped in 'ingest' at lake__sessions"):
        run(root)
    assert tables(root) == before
    damaged.write_bytes(content)
    run(root)
    assert len(tables(root)["sessions"]) == 1500


def test_two_runs_take_turns(new_workspace: Callable[..., Path]) -> None:
    root = new_workspace(empty=True)
    said: dict[str, list[str]] = {"first": [], "second": []}
    done: dict[str, RunSummary] = {}

    def work(name: str) -> None:
        done[name] = run(root, progress=lambda stage, *_: said[name].append(stage))

    first = threading.Thread(target=work, args=("first",))
    first.start()
    while not (root / "warehouse" / "cx.duckdb").exists():
        time.sleep(0.01)
    work("second")
    first.join()
    assert not done["first"].up_to_date
    assert done["second"].up_to_date
    assert set(said["second"]) == {"wait"}
