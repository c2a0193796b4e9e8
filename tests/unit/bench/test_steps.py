"""`bench steps`: the floor that the build holds, and its tables."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cx_analytics.bench.steps.makers import Blame, blame, is_maker, makers_table
from cx_analytics.bench.steps.many import LINES, many_events, many_table, parts
from cx_analytics.bench.steps.waits import Shares, shares, waits_table
from cx_analytics.bench.stopwatch import Used
from cx_analytics.contracts.feeds import PRODUCTION_EVENTS
from cx_analytics.simulate.plant import WAIT_CAUSES, Maker, make_plant

MOST_POINTS = 4.0
LEAST_RIGHT = 0.92
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


def test_a_strong_maker_comes_first_and_a_healthy_plant_blames_nobody(tmp_path: Path) -> None:
    strong = make_plant(cases=1500, seed=3, rate_ratio=8.0, maker_kind="resource")
    assert strong.maker is not None
    one = blame(strong, tmp_path / "strong")
    assert one.found
    assert one.told is not None
    healthy = blame(make_plant(cases=800, seed=3, difficulty="null"), tmp_path / "healthy")
    assert (healthy.maker, healthy.others, healthy.told) == (None, 0, None)


MACHINE = Maker("resource", "oven-1", "curing", 3.0, 0)
LOT = Maker("component_lot", "BAT-7", "assembly", 3.0, 7)
SHIFT = Maker("shift", "14-22 UTC", "assembly", 3.0, 1)


@pytest.mark.parametrize(
    ("maker", "told", "right"),
    [
        (MACHINE, {"resource": "oven-1", "step": "curing"}, True),
        (MACHINE, {"resource": "oven-2", "step": "curing"}, False),
        (MACHINE, {"resource": None, "step": "curing"}, False),
        (LOT, {"lot": "BAT-7", "step": None}, True),
        (LOT, {"lot": "BAT-7", "step": "assembly"}, True),
        (SHIFT, {"shift": "14-22 UTC", "step": "curing"}, False),
    ],
)
def test_a_maker_is_named_by_its_value_and_step(
    maker: Maker, told: dict[str, str | None], right: bool
) -> None:
    row = {"resource": None, "lot": None, "shift": None, **told}
    assert is_maker(row, maker) is right


def test_a_table_counts_by_kind_of_maker() -> None:
    found = [
        Blame(1, MACHINE, True, 0, 20.0, (10.0, 30.0)),
        Blame(2, MACHINE, False, 2, 20.0, None),
        Blame(3, LOT, True, 0, 40.0, (10.0, 30.0)),
        Blame(1, None, False, 0, 0.0, None),
    ]
    text = makers_table(found)
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in text.splitlines()[2:6]]
    assert rows == [
        ["resource", "2", "1", "2", "1 of 1"],
        ["component lot", "1", "1", "0", "0 of 1"],
        ["all of them", "3", "2", "2", "1 of 2"],
        ["healthy", "1", "", "0", ""],
    ]
    assert "nine of ten: NO; nobody is blamed in a healthy plant: yes." in text


def test_a_large_log_comes_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cx_analytics.bench.steps.many.CASES", 100)
    found = list(parts(30_000, seed=1))
    assert sum(part.height for part in found) == 30_000
    assert len(found) > LINES
    assert all(part.select(PRODUCTION_EVENTS.required).null_count().row(0) for part in found)
    first, again = found[0], found[LINES]
    assert set(first["line"]) == set(again["line"]) == {"line-01"}
    assert first["ended_at"].max() < again["started_at"].min()  # type: ignore[operator]
    assert set(first["case_id"]).isdisjoint(again["case_id"])
    assert set(first["resource"]).isdisjoint(found[1]["resource"])


def test_a_small_log_is_timed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cx_analytics.bench.steps.many.CASES", 100)
    steps, total = many_events(3000, 1, tmp_path / "many", say=lambda text: None)
    assert {"step_times", "step_time_issues", "step_map", "step_waste"} < set(steps)
    assert 0 < total.peak_gb < 8
    text = many_table(steps, total, 3000)
    assert "3,000 events" in text
    assert "the bars are for 10,000,000 events" in text
    model = {"step_times": Used(70.0, 90.0, 3.0)}
    whole = many_table(model, Used(75.0, 95.0, 3.0), 10_000_000)
    assert "wall below 60 s on two cores: NO; memory below 4 GB: yes." in whole
