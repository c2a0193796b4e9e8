"""`bench steps`: the floor that the build holds, and its tables."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cx_analytics.bench.steps.many import LINES, many_events, many_table, parts
from cx_analytics.bench.steps.waits import Shares, shares, waits_table
from cx_analytics.bench.stopwatch import Used
from cx_analytics.contracts.feeds import PRODUCTION_EVENTS
from cx_analytics.simulate.plant import WAIT_CAUSES, make_plant

MOST_POINTS = 9.0
LEAST_RIGHT = 0.75
"""Floors, not the published bars: what a change must not fall behind on one fixed plant."""


def test_causes_of_waiting_stay_near_the_truth(tmp_path: Path) -> None:
    found = shares(make_plant(cases=1200, seed=11), tmp_path / "plant")
    assert found.true.sum() == pytest.approx(1)
    assert found.told.sum() == pytest.approx(1)
    told = dict(zip(WAIT_CAUSES, found.points.round(1).tolist(), strict=True))
    assert np.abs(found.points).max() < MOST_POINTS, told
    assert found.right > LEAST_RIGHT, told


def test_a_table_tells_the_plant_that_is_worst() -> None:
    true = np.full(6, 1 / 6)
    off = np.array([0.06, -0.06, 0, 0, 0, 0])
    text = waits_table([Shares(1, true, true, 1.0), Shares(2, true, true + off, 0.94)])
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in text.splitlines()[2:5]]
    assert rows[0] == ["batching", "0.167", "0.197", "+3.0", "+6.0", "NO"]
    assert rows[1] == ["contention", "0.167", "0.137", "-3.0", "-6.0", "NO"]
    assert rows[2][1:] == ["0.167", "0.167", "+0.0", "+0.0", "yes"]
    assert "2 plants; 97.0% of all waiting seconds" in text


def test_a_large_log_comes_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cx_analytics.bench.steps.many.CASES", 100)
    found = list(parts(30_000, seed=1))
    assert sum(part.height for part in found) == 30_000
    assert len(found) > LINES
    assert all(part.select(PRODUCTION_EVENTS.required).null_count().row(0) for part in found)
    first, again = found[0], found[LINES]
    assert set(first["resource"]) == set(again["resource"])
    assert first["ended_at"].max() < again["started_at"].min()  # type: ignore[operator]
    assert set(first["case_id"]).isdisjoint(again["case_id"])
    assert set(first["resource"]).isdisjoint(found[1]["resource"])


def test_a_small_log_is_timed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cx_analytics.bench.steps.many.CASES", 100)
    steps, total = many_events(3000, 1, tmp_path / "many", say=lambda text: None)
    assert set(steps) == {"step_times", "step_map"}
    assert 0 < total.peak_gb < 8
    text = many_table(steps, total, 3000)
    assert "3,000 events" in text
    assert "the bars are for 10,000,000 events" in text
    model = {"step_times": Used(70.0, 90.0, 3.0)}
    whole = many_table(model, Used(75.0, 95.0, 3.0), 10_000_000)
    assert "wall below 60 s on two cores: NO; memory below 4 GB: yes." in whole
