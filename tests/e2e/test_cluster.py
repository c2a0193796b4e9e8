"""The models that read every session on a real Spark cluster, with a worker killed amid them.

The cluster is a standalone master and two workers, processes of their own on the loopback
interface; the driver is one as well (this file, run as a program). It joins and scores sessions,
and counts them before and after; a worker and its executor are killed while tasks of the join
run, so that tasks, shuffled rows and kept tables are lost and must be made again.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from cx_analytics import attribute
from cx_analytics.contracts.attributes import Attribute
from cx_analytics.contracts.feeds import CELLS, SESSIONS, UNITS
from cx_analytics.contracts.ports import SqlEngine
from cx_analytics.contracts.settings import Engine
from cx_analytics.engine.duck import Duck
from cx_analytics.engine.frames import conform
from cx_analytics.engine.models import load
from cx_analytics.engine.spark.engine import Spark
from cx_analytics.engine.spark.session import java_version
from cx_analytics.experience import score_sql, scored_sql
from cx_analytics.workspace import Settings

START, DAYS, FILES, ROWS = datetime(2026, 1, 1), 3, 24, 4000
WANTED = [date(2026, 1, 1) + timedelta(n) for n in range(DAYS)]
ATTRIBUTES = tuple(Attribute(name, "app") for name in ("app_version", "cell_id", "lot"))
OPTIONS = {
    "spark.executor.memory": "512m",
    "spark.executor.cores": "1",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
    "spark.executor.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.shuffle.partitions": "8",
    "spark.sql.files.openCostInBytes": "128m",
    "spark.shuffle.io.retryWait": "1s",
    "spark.shuffle.io.maxRetries": "1",
}
"""Of small machines: one core each, quick to start; every file of sessions is a task."""


# ---- what is counted, on either engine ----------------------------------------------------------


def write_sessions(folder: Path) -> None:
    """Sessions of three days in many files, with units and cells to join them with."""
    rng = np.random.default_rng(20260101)
    count = FILES * ROWS
    seconds = np.sort(rng.integers(0, DAYS * 86400, count))
    units, cells = rng.integers(0, 900, count), rng.integers(0, 60, count)
    rows = pl.DataFrame(
        {
            "session_id": [f"s{n:07d}" for n in range(count)],
            "customer_id": [f"c{n % 700:04d}" for n in units],
            "unit_id": [f"u{n:04d}" for n in units],
            "started_at": pl.Series([START] * count)
            + pl.Series(seconds * 1000).cast(pl.Duration("ms")),
            "app_version": rng.choice(["5.1", "5.2", None], count).tolist(),
            "cell_id": [f"x-{n:02d}" for n in cells],
            "latency_ms": rng.gamma(2.0, 150.0, count),
            "fault_code": rng.choice(["crash", "drop", *[None] * 5], count).tolist(),
        }
    )
    for n, part in enumerate(conform(rows, SESSIONS).iter_slices(ROWS)):
        part.write_parquet(folder / f"session-{n:02d}.parquet")


def units() -> pl.DataFrame:
    rows = {"unit_id": [f"u{n:04d}" for n in range(900)], "lot": [f"L{n % 20}" for n in range(900)]}
    return conform(pl.DataFrame(rows), UNITS)


def cells() -> pl.DataFrame:
    ids = [f"x-{n:02d}" for n in range(60)]
    rows = {"cell_id": ids * 2, "region": ["north"] * 60 + ["south"] * 60}
    since = [START - timedelta(9)] * 60 + [START + timedelta(1, 3600)] * 60
    return conform(pl.DataFrame({**rows, "valid_from": since}), CELLS)


def joined(engine: SqlEngine, folder: Path, out: Path) -> None:
    """Join and score all sessions into one file."""
    engine.view("session", sorted(folder.glob("session-*.parquet")))
    engine.register("unit", units())
    engine.register("cell", cells())
    engine.register("unit_component", pl.DataFrame(schema={"unit_id": pl.String}))
    sql, settings = load("experience/sessions").sql, Settings()
    score = score_sql(settings.metrics, {"drop": 0.4}, 0.8, engine.schema(sql))
    assert engine.copy(scored_sql(sql, score), out) == FILES * ROWS


def counted(engine: SqlEngine, sessions: Path) -> dict[str, pl.DataFrame]:
    """Customer days, the counts of attribution, and exposure of cells that a fit might ask for."""
    engine.view("sessions", [sessions])
    engine.view("session", [sessions])
    found = {"customer_days": engine.model("experience/customer_days")}
    found |= attribute.day_aggregates(engine, ATTRIBUTES, WANTED, stratum=None)
    found["cells"] = attribute.cell_exposure(engine, asked())
    return found


def asked() -> pl.DataFrame:
    pairs = [("app_version", "5.1", "cell_id", "x-07"), ("cell_id", "x-01", "lot", "L3")]
    names = ("attribute_1", "value_1", "attribute_2", "value_2")
    frame = pl.DataFrame(pairs, schema=names, orient="row")
    none = pl.lit(None, dtype=pl.String)
    frame = frame.with_columns(attribute_3=none, value_3=none)
    days = pl.DataFrame({"day": WANTED})
    return frame.join(days, how="cross").with_columns(hourly=pl.lit(False))


# ---- the driver: this file, run as a program ----------------------------------------------------


def drive(master: str, folder: Path, victim: int) -> None:
    """Join, and count before and after; kill the victim's processes while the join goes on."""
    settings = Engine(kind="spark", master=master, memory_limit="512MB", options=OPTIONS)
    with Spark(settings, spill=folder / "spill") as engine:
        joined(engine, folder, folder / "before.parquet")
        engine.view("sessions", [folder / "before.parquet"])
        kept = "SELECT customer_id, count(*) AS sessions FROM sessions GROUP BY customer_id"
        engine.table("kept", kept)
        before = engine.frame("SELECT * FROM kept")
        killer = threading.Thread(target=kill_amid, args=(engine, victim, folder), daemon=True)
        killer.start()
        joined(engine, folder, folder / "sessions.parquet")
        killer.join(timeout=60)
        after = engine.frame("SELECT * FROM kept")
        assert_frame_equal(before, after, check_row_order=False)
        for name, frame in counted(engine, folder / "sessions.parquet").items():
            frame.write_parquet(folder / f"found-{name}.parquet")


def kill_amid(engine: Spark, victim: int, folder: Path) -> None:
    """Kill a process group as soon as a stage has done some of its tasks, and not yet all."""
    tracker = engine.session.sparkContext.statusTracker()
    while True:
        for stage in tracker.getActiveStageIds():
            told = tracker.getStageInfo(stage)
            if told and told.numTasks >= 8 and 3 <= told.numCompletedTasks < told.numTasks - 2:
                os.killpg(victim, signal.SIGKILL)
                done = {"done": told.numCompletedTasks, "of": told.numTasks}
                (folder / "killed.json").write_text(json.dumps(done), encoding="utf-8")
                return
        time.sleep(0.02)


# ---- the cluster --------------------------------------------------------------------------------


@dataclass
class Cluster:
    """Processes of a standalone cluster."""

    folder: Path
    master: str = ""
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self, role: str, *more: str) -> Path:
        """Start a master or a worker; returns its log."""
        import pyspark

        log = self.folder / f"{role}-{len(self.processes)}.log"
        starter = Path(pyspark.__file__).parent / "bin" / "spark-class"
        kind = f"org.apache.spark.deploy.{role.lower()}.{role}"
        own = {"SPARK_LOCAL_IP": "127.0.0.1", "SPARK_DAEMON_MEMORY": "256m"}
        own["SPARK_DAEMON_JAVA_OPTS"] = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
        with log.open("wb") as out:
            process = subprocess.Popen(
                [starter, kind, "--host", "127.0.0.1", "--webui-port", "0", *more],
                stdout=out,
                stderr=out,
                cwd=self.folder,
                env={**os.environ, **own},
                start_new_session=True,
            )
        self.processes.append(process)
        return log

    def worker(self) -> int:
        """One more worker of one core; returns the id of its process group."""
        place = str(self.folder / f"work-{len(self.processes)}")
        self.start("Worker", "--cores", "1", "--memory", "600m", "--work-dir", place, self.master)
        return self.processes[-1].pid

    def stop(self) -> None:
        """End all processes and the executors that they started: they are of their group."""
        for process in self.processes:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    if java_version() is None:
        pytest.skip("a Spark cluster needs Java, which is not here")
    made = Cluster(tmp_path)
    try:
        log = made.start("Master", "--port", "0")
        found = awaited(lambda: re.search(r"(spark://127\.0\.0\.1:\d+)", log.read_text()), log)
        made.master = found[1]
        yield made
    finally:
        made.stop()


def awaited(ask: Callable[[], Any], log: Path, seconds: float = 240) -> Any:
    """What a question is answered with, once it is."""
    until = time.monotonic() + seconds
    while not (found := ask()):
        assert time.monotonic() < until, log.read_text(errors="replace")[-3000:]
        time.sleep(0.05)
    return found


@pytest.mark.slow
@pytest.mark.cluster
@pytest.mark.timeout(900)
def test_a_killed_worker_changes_nothing(cluster: Cluster, tmp_path: Path) -> None:
    victim, _ = cluster.worker(), cluster.worker()
    write_sessions(tmp_path)
    master_log = tmp_path / "Master-0.log"
    awaited(lambda: master_log.read_text().count("Registering worker") == 2, master_log)
    log = tmp_path / "driver.log"
    with log.open("wb") as out:
        command = [sys.executable, "-W", "ignore", __file__, cluster.master, tmp_path, str(victim)]
        driver = subprocess.Popen(command, stdout=out, stderr=out, start_new_session=True)
    cluster.processes.append(driver)

    # Meanwhile the same on DuckDB.
    alone = tmp_path / "alone.parquet"
    with Duck(spill=tmp_path / "spill-duck", threads=1) as duck:
        joined(duck, tmp_path, alone)
        wanted = counted(duck, alone)

    assert driver.wait(timeout=800) == 0, log.read_text(errors="replace")[-3000:]
    killed = json.loads((tmp_path / "killed.json").read_text(encoding="utf-8"))
    assert 0 < killed["done"] < killed["of"]
    assert "Telling app of lost executor" in master_log.read_text()
    assert_alike(pl.read_parquet(tmp_path / "sessions.parquet"), pl.read_parquet(alone))
    for name, frame in wanted.items():
        assert_alike(pl.read_parquet(tmp_path / f"found-{name}.parquet"), frame)


def assert_alike(found: pl.DataFrame, wanted: pl.DataFrame) -> None:
    """The same rows in any order: integers and texts equal, floats within 1e-9."""
    assert wanted.height > 0
    assert_frame_equal(
        found, wanted, check_row_order=False, check_exact=False, rel_tol=1e-9, abs_tol=1e-9
    )


if __name__ == "__main__":
    drive(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
