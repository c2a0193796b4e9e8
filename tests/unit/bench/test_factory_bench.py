"""What the factory is told, scored: a workspace that knows the truth, and tables of many worlds."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import polars as pl
import pytest

from cx_analytics.bench.factory import Capture, FactoryScore, Inside, at_top, factory, kind_of
from cx_analytics.bench.factory_tables import backtest_table, factory_table, healthy_table
from cx_analytics.bench.forecasts import forecasts
from cx_analytics.bench.recurrences import HEADER, Calm, alarms, delays, naive, recurrences
from cx_analytics.factory.genealogy import is_defect
from cx_analytics.simulate import Truth, make_world

SIZE: dict[str, Any] = {"sessions": 20_000, "days": 8}


def published(root: Path, found: pl.DataFrame, clean: str | None) -> None:
    """A warehouse whose causes are the planted ones; a hold on a lot that nothing is wrong with."""
    world = make_world(seed=3, difficulty="easy", **SIZE)
    sessions = pl.concat(world.each_joined())
    mine = [
        row
        for row in found.iter_rows(named=True)
        if is_defect(row["kind"], dict(row["conditions"]))
    ]
    bands = {
        f"forecast_{end}{level}": value
        for level in ("", "_80", "_95")
        for end, value in (("low", 0.0), ("high", 1e6))
    }
    defects = pl.DataFrame(
        [
            {
                "defect_id": f"d-{row['cause_id']}",
                "cause_id": row["cause_id"],
                "lot": row["label"],
                "component_lot": None,
                **bands,
            }
            for row in mine
        ],
        infer_schema_length=None,
    )
    holds = pl.DataFrame({"defect_id": [clean or defects["defect_id"][0]], "state": ["proposed"]})
    tables = {
        "causes": found.with_columns(first_reported_on=pl.lit(date(2026, 1, 9))),
        "sessions": sessions,
        "defects": defects,
        "unit_holds": holds,
        "action_proposals": pl.DataFrame({"proposal": ["hold", "stop_rollout"]}),
        "forecast_backtest": pl.DataFrame(
            {"inside_80": [True, False], "inside": [True, True], "inside_95": [True, True]}
        ),
        "unit_risk_capture": pl.DataFrame({"units": [20], "failures": [4], "captured": [3]}),
        "unit_risk": sessions.filter("faulty").select("unit_id", rank=pl.lit(1)),
        "units": pl.DataFrame({"unit_id": ["u"], "in_service_at": [world.origin]}),
    }
    (root / "warehouse").mkdir()
    with duckdb.connect(str(root / "warehouse" / "cx.duckdb")) as connection:
        for name, frame in tables.items():
            connection.register("given", frame)
            connection.execute(f"CREATE TABLE {name} AS FROM given")
            connection.unregister("given")


@pytest.mark.parametrize(("held", "clean"), [(None, 0), ("d-nothing", 1)])
def test_a_workspace_that_knows_the_truth(tmp_path: Path, held: str | None, clean: int) -> None:
    truth = Truth.of(make_world(seed=3, difficulty="easy", **SIZE))
    said: list[str] = []

    def run(root: Path) -> None:
        assert [path.name for path in root.iterdir()] == ["landing"]
        published(root, truth.causes, held)

    (score,) = factory([("easy", 3)], folder=tmp_path, run=run, say=said.append, **SIZE)
    assert score.planted == score.found
    assert sum(score.planted.values()) > 0
    assert (score.holds, score.clean_holds, score.proposals) == (1, clean, 1)
    assert score.false_defects == 0
    assert score.lot_error_counted == [
        pytest.approx(abs(row["excess_faults"] - row["faults"]) / row["faults"])
        for row in truth.causes.iter_rows(named=True)
        if list(dict(row["conditions"])) in (["lot"], ["battery_lot"], ["modem_lot"])
        and row["detectable"]
    ]
    assert set(score.lot_error) <= {0.0}
    assert all(one.level_80 for one in score.ahead)
    assert score.capture == [Capture(20, 4, 3)]
    assert said[0].startswith(f"easy   seed 3: 1 holds, {clean} clean")
    assert list(tmp_path.iterdir()) == []


def test_words_of_kinds_and_the_top_of_a_ranking() -> None:
    assert kind_of(["line"]) == "line or site"
    assert kind_of(["device_model", "modem_lot"]) == "lot with more"
    assert kind_of(["device_model"]) == "model or revision"
    places, struck = np.array([1.0, 2.0, 3.0, np.nan]), np.array([True, True, False, True])
    assert at_top(places, struck, 0.5) == 2
    assert at_top(places, struck, 1.0) == 3


def world(**given: Any) -> FactoryScore:
    return FactoryScore("medium", 1, **given)


def test_a_table_of_many_worlds_names_what_misses_its_bar() -> None:
    bands = [Inside(True, True, True)] * 8 + [Inside(False, False, False)] * 2
    good = world(
        holds=2,
        planted={"lot": 2},
        found={"lot": 1},
        lot_error=[0.05],
        report_days=[2.0, 5.0],
        backtests=bands,
        serials=[Capture(1000, 10, 8)],
    )
    bad = world(clean_holds=1, holds=1, lot_error=[0.35], serials=[Capture(1000, 90, 10)])
    rows = {
        line.split("|")[1].strip(): line.split("|")[3].strip()
        for line in factory_table([good, bad]).splitlines()
    }
    assert rows["lot: found of planted"] == "1 of 2"
    assert rows["lots proposed for hold with nothing wrong, of all"] == "1 of 3 NO"
    assert rows["relative error of a lot's excess (against expected)"].endswith("NO")
    assert rows["days from a strong lot's onset to the first report"] == "3.5 (n = 2)"
    assert rows["forecast of 14 days, as the run tests it: 80 % bands hold"] == "0.800 (n = 10)"
    assert rows["forecast of 14 days, as the run tests it: 95 % bands hold"] == "0.800 (n = 10) NO"
    assert rows["top 10 % of all serials: share of a lot's failures"] == "0.180 (of 100) NO"
    assert "top 10 % of units under defects: share of failures" not in rows


def test_all_that_is_told_of_a_healthy_world_is_counted() -> None:
    text = healthy_table([world(defects=1), world(holds=1, proposals=2)])
    counts = [line.split("|")[3].strip() for line in text.splitlines()[2:]]
    assert counts == ["1", "1", "2"]


def test_years_of_watching() -> None:
    assert alarms(5.0, Calm(), 300, seed=1) <= 0.02
    assert naive(5.0, 300, seed=1) > 0.5
    late = delays(5.0, 300, seed=1)
    assert 2 <= np.median(late) <= 10
    (row, *_) = recurrences(50, 1, say=lambda _: None)
    assert len(row) == len(HEADER)


def test_forecasts_of_past_days_know_their_window_only(tmp_path: Path) -> None:
    """An easy world of 29 days has one day to test; what came is the planted truth."""
    said: list[str] = []
    (score,) = forecasts([("easy", 3)], sessions=20_000, days=29, folder=tmp_path, say=said.append)
    assert score.backtests
    assert len(score.capture) == 1
    assert all(one.level_95 or not one.level_80 for one in score.backtests)
    assert said == [
        f"easy   seed 3: {len(score.backtests)} forecasts, "
        f"{sum(one.level_80 for one in score.backtests)} within 80 %"
    ]
    assert f"(n = {len(score.backtests)})" in backtest_table([score])
    assert list(tmp_path.iterdir()) == []
