"""The time of a run: the stopwatch, the parts of a step, the table, and a tiny measurement."""

from __future__ import annotations

import time
from itertools import pairwise
from pathlib import Path

import pytest

from cx_analytics.bench.speed import REST, summed, table, timed, verdict
from cx_analytics.bench.stopwatch import Stopwatch, Used
from cx_analytics.bench.timed import Step, divided
from cx_analytics.contracts.errors import CheckFailed


def test_a_stopwatch_sees_work_and_sleep() -> None:
    with Stopwatch() as watch:
        began = time.time()
        while time.process_time() - watch.samples[0][1] < 0.2:
            pass
        worked = time.time()
        time.sleep(0.2)
        slept = time.time()
    busy, idle = watch.between(began, worked), watch.between(worked, slept)
    # Where work ends between two samples is not seen; a busy machine takes them far apart.
    moments = [at for at, *_ in watch.samples]
    apart = max(after - before for before, after in pairwise(moments))
    assert busy.cpu_s == pytest.approx(0.2, abs=0.05 + apart)
    assert idle.cpu_s < 0.05 + apart
    assert idle.wall_s == pytest.approx(slept - worked)
    assert idle.wall_s >= 0.2
    assert 0.01 < watch.whole().peak_gb < 8


def test_a_moment_between_two_samples_takes_their_mean() -> None:
    watch = Stopwatch()
    watch.samples = [(0.0, 0.0, 1.0), (2.0, 1.0, 3.0), (4.0, 1.0, 2.0)]
    assert watch.between(1.0, 3.0) == Used(2.0, 0.5, 3.0)
    assert watch.between(3.0, 3.5) == Used(0.5, 0.0, 2.5)


def test_parts_of_attribution() -> None:
    marks = [(0.5, "counting"), (2.0, "exposure"), (5.0, "fits"), (6.0, "2026-01-01")]
    assert divided([*marks, (8.0, "shares"), (11.0, "fits")], 1.0, 9.0) == [
        ("attribute: reading counts", 1.0, 2.0),
        ("attribute: exposure of asked-for cells", 2.0, 5.0),
        ("attribute: fits", 5.0, 8.0),
        ("attribute: shares, written", 8.0, 9.0),
    ]
    assert divided([], 1.0, 2.0) == [("attribute: reading counts", 1.0, 2.0)]


def test_a_table_adds_up_to_the_total() -> None:
    steps = [
        Step("publish", Used(1.0, 1.5, 0.4)),
        Step("ingest of sessions", Used(2.0, 2.0, 0.3)),
        Step("ingest of sessions", Used(3.0, 1.0, 0.5)),
    ]
    text = table(
        summed(steps), Used(10.0, 6.0, 0.6), {"ingest of sessions": Used(1.0, 0.9, 0.1)}, 5000, 2
    )
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in text.splitlines()[2:6]]
    assert rows == [
        ["ingest of sessions", "5.0", "3.0", "0.50", "1.0", "0.9"],
        ["publish", "1.0", "1.5", "0.40", "", ""],
        [REST, "4.0", "1.5", "", "", ""],
        ["**total**", "10.0", "6.0", "0.60", "", ""],
    ]
    assert "5,000 sessions of 2 days, a fit for each day: 500 sessions a second" in text


def test_bars_are_for_their_own_size() -> None:
    assert "bars are for 1,000,000 sessions" in verdict(Used(100.0, 100.0, 1.0), 1000, 28)
    words = verdict(Used(200.0, 300.0, 2.0), 1_000_000, 28)
    assert words == (
        "5,000 sessions a second; wall below 180 s on two cores: NO; memory below 3 GB: yes."
    )


def test_a_failing_job_is_told(tmp_path: Path) -> None:
    with pytest.raises(CheckFailed, match="the run ended with"):
        timed("run", tmp_path, tmp_path / "out.json")


@pytest.mark.slow
def test_a_tiny_run_is_timed_by_step(tmp_path: Path) -> None:
    from cx_analytics.bench.speed import speed
    from cx_analytics.cli.benching import simulated_workspace

    said: list[str] = []
    size = {"sessions": 1000, "days": 1, "seed": 1}
    text = speed(tmp_path, prepare=simulated_workspace, say=said.append, **size)
    names = [line.split("|")[1].strip() for line in text.splitlines() if line.startswith("|")][2:]
    assert names[:5] == [
        "ingest of sessions",
        "ingest of other feeds",
        "quality",
        "experience",
        "attribute: counting",
    ]
    assert names[-2:] == [REST, "**total**"]
    assert {"attribute: fits", "care", "factory", "supply", "loop", "publish"} <= set(names)
    assert len(said) == 3
