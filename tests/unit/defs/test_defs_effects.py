"""What actions did, from Parquet to tables: planted repairs are found, odd actions never crash."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from cx_analytics import loop
from cx_analytics.contracts.frames import frame_of
from cx_analytics.contracts.tables import ACTIONS, CAUSES_HISTORY, SESSIONS_TABLE
from cx_analytics.defs.effects import judge
from cx_analytics.defs.resources import House

START, DAYS, CELLS, CUSTOMERS = date(2026, 1, 1), 28, 12, 60
REPAIR = datetime(2026, 1, 16)
EACH_DAY = 2400


def sessions_of(day: int, rng: np.random.Generator) -> pl.DataFrame:
    """Every cell has 2 % faults; C0 has 10 % more until its repair, C1 throughout.

    Version 2 brings 10 % more to the customers who run it; version 3 replaces it on the 16th.
    """
    cell = rng.integers(CELLS, size=EACH_DAY)
    customer = rng.integers(CUSTOMERS, size=EACH_DAY)
    rate = np.full(EACH_DAY, 0.02)
    rate[(cell == 1) | ((cell == 0) & (day < 15))] += 0.1
    old = customer < 12
    rate[old & (day < 15)] += 0.1
    version = np.where(old, np.where(day < 15, "2", "3"), "1")
    moment = datetime.combine(START, datetime.min.time()) + timedelta(days=day)
    return pl.DataFrame(
        {
            "session_id": [f"s{day}-{number}" for number in range(EACH_DAY)],
            "customer_id": [f"K{one:02d}" for one in customer],
            "unit_id": [f"U{one:02d}" for one in customer],
            "started_at": [moment + timedelta(seconds=30 * number) for number in range(EACH_DAY)],
            "cell_id": [f"C{one}" for one in cell],
            "app_name": ["Ride"] * EACH_DAY,
            "app_version": version,
            "network_type": ["lte"] * EACH_DAY,
            "region": ["north"] * EACH_DAY,
            "faulty": rng.random(EACH_DAY) < rate,
        }
    )


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    root = tmp_path_factory.mktemp("workspace")
    (root / "cx.toml").write_text("", encoding="utf-8")
    house = House(root=str(root), locked=False)
    rng = np.random.default_rng(11)
    for day in range(DAYS):
        house.write(SESSIONS_TABLE, sessions_of(day, rng), START + timedelta(days=day))
    yield house
    house.duck.close()


def judged(house: House, *others: dict[str, Any], **given: Any) -> loop.Judged:
    row = {"action_id": "a-1", "kind": "other", "effective_from": REPAIR} | given
    history = frame_of([], CAUSES_HISTORY)
    acts = loop.acts_of(frame_of([row, *others], ACTIONS), history)
    return judge(house, acts[0], acts, history)


def test_a_repaired_cell_got_better(house: House) -> None:
    row = judged(house, conditions="cell_id=C0", kind="cell_repair").row
    assert row["verdict"] == "worked"
    assert row["low"] < 1 / 6 < row["high"]  # 2 % where 12 % were to be expected
    assert row["faults_prevented"] > 100
    assert row["method"] == (
        "difference-in-differences, 11 control groups of cell_id matched by network_type and region"
    )


def test_a_cell_that_was_not_repaired_did_not(house: House) -> None:
    other = {
        "action_id": "a-2",
        "kind": "cell_repair",
        "conditions": "cell_id=C0",
        "effective_from": REPAIR,
    }
    row = judged(house, other, conditions="cell_id=C1", kind="cell_repair").row
    assert row["verdict"] == "did_not"
    assert row["method"].startswith("difference-in-differences, 10 control groups of cell_id")


def test_customers_are_followed_from_the_old_version_to_the_new(house: House) -> None:
    found = judged(house, conditions="app_version=2", kind="app_update")
    assert found.row["verdict"] == "worked"
    told = dict(found.customers.select("customer_id", "verdict").iter_rows())
    assert sorted(told) == [f"K{one:02d}" for one in range(12)]
    assert list(told.values()).count("worked") >= 8


def test_a_version_that_nobody_had_is_the_fix(house: House) -> None:
    row = judged(house, conditions="app_version=3", kind="app_update").row
    assert row["verdict"] == "worked"
    assert row["high"] < 0.6


def test_those_on_the_list_are_the_treated(house: House) -> None:
    units = {f"U{one:02d}": "2026-01-15T20:00:00Z" for one in range(12)}
    found = judged(house, exposed=json.dumps(units))
    assert found.row["verdict"] == "worked"
    assert found.customers["listed"].all()
    useless = {f"K{one:02d}": "2026-01-15T20:00:00Z" for one in range(30, 45)}
    row = judged(house, exposed=json.dumps(useless)).row
    assert row["verdict"] in ("did_not", "too_early")
    assert row["low"] < 1 < row["high"]


def test_without_anyone_untreated_the_model_expects(house: House) -> None:
    row = judged(house, conditions="network_type=lte").row
    assert row["method"] == "before/after against the model's expectation"


ODD: list[dict[str, Any]] = [
    {},
    {"cause_id": "c-unknown"},
    {"conditions": "cell_id=C0", "effective_from": datetime(2030, 1, 1)},
    {"conditions": "cell_id=C0", "effective_from": datetime(2020, 1, 1)},
    {"conditions": "cell_id=C0", "effective_from": datetime(2026, 1, 2)},
    {"conditions": "cell_id=C0", "effective_from": datetime(2026, 1, 28, 9)},
    {"conditions": "cell_id=C99"},
    {"conditions": "moon=full"},
    {"conditions": "everything", "exposed": "{"},
    {"exposed": '["nobody"]'},
    {"exposed": '{"unit_id": {"U01": "2040-01-01"}}'},
    {"exposed": '[{"unit_id": "U01", "at": "2001-01-01"}]'},
    {"kind": "unit_replacement", "conditions": "unit_id=U99"},
    {"kind": "lot_hold", "conditions": "lot=L1"},
    {"kind": "app_update", "conditions": "app_version=9"},
]


@pytest.mark.parametrize("given", ODD, ids=str)
def test_odd_actions_are_too_early(house: House, given: dict[str, Any]) -> None:
    found = judged(house, **given)
    assert found.row["verdict"] == "too_early"
    assert loop.effects_table([found]).height == 1
    assert set(loop.verdicts_table([found])["verdict"]) <= {"too_early"}


def test_an_empty_workspace_has_effects_too(tmp_path: Path) -> None:
    (tmp_path / "cx.toml").write_text("", encoding="utf-8")
    empty = House(root=str(tmp_path), locked=False)
    assert judged(empty, conditions="cell_id=C0").row["verdict"] == "too_early"
    empty.duck.close()
